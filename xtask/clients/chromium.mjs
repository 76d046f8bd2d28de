// A browser: headless Chromium, told what to do over a pipe (the DevTools protocol: JSON messages,
// each ended by NUL).

import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { base, check, finish, kept, same } from './check.mjs';

const profile = mkdtempSync(join(tmpdir(), 'profile-'));
const browser = spawn('chromium', [
  '--headless', '--remote-debugging-pipe', `--user-data-dir=${profile}`,
  // Neither a sandbox nor a graphics card is needed for a text from this machine, and root has no sandbox.
  '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
  // Nothing but the server is asked for anything.
  '--no-proxy-server', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--disable-default-apps', '--disable-domain-reliability', '--disable-extensions',
  '--disable-features=OptimizationHints,MediaRouter,Translate',
], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: profile } });
browser.on('error', (error) => { throw error; });
process.on('exit', () => browser.kill('SIGKILL'));

const answersTo = new Map();
const onResponse = new Map();
let next = 0;
let unread = '';
browser.stdio[4].setEncoding('utf8').on('data', (part) => {
  const messages = (unread + part).split('\0');
  unread = messages.pop();
  for (const message of messages.map((text) => JSON.parse(text))) {
    if (message.id) answersTo.get(message.id)(message);
    else if (message.method === 'Network.responseReceived') {
      const { url, ...response } = message.params.response;
      onResponse.set(url, [...(onResponse.get(url) ?? []), response]);
    }
  }
});
browser.stdio[3].on('error', () => {});

// Sends a command and awaits its result.
async function tell(method, params = {}, sessionId = undefined) {
  next += 1;
  browser.stdio[3].write(`${JSON.stringify({ id: next, method, params, sessionId })}\0`);
  const message = await new Promise((resolve) => { answersTo.set(next, resolve); });
  if (message.error) throw new Error(`${method}: ${message.error.message}`);
  return message.result;
}

let session;
const page = (method, params) => tell(method, params, session);

// What an expression is in the page, promises awaited.
async function evaluate(expression) {
  const { result, exceptionDetails } = await page('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
  if (exceptionDetails) throw new Error(`in the page: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
  return result.value;
}

await check('starts', async () => {
  const { targetId } = await tell('Target.createTarget', { url: 'about:blank' });
  ({ sessionId: session } = await tell('Target.attachToTarget', { targetId, flatten: true }));
  await page('Network.enable');
  await page('Page.enable');
});

async function load(path) {
  const { errorText } = await page('Page.navigate', { url: base + path });
  if (errorText) throw new Error(`${path}: ${errorText}`);
  await evaluate("new Promise((go) => document.readyState === 'complete' ? go() : addEventListener('load', go))");
  return evaluate('document.body.innerText');
}

await check('shows /json', async () => {
  same(JSON.parse((await load('/json')).split('\n')[0]), { message: 'Hello, World!' });
});

await check('shows /', async () => same(await load('/'), 'Hello, World!'));

await check('shows a 404', async () => same((await load('/no/such/path')).includes('nothing here'), true));

await check('loads again', async () => {
  await load('/');
  await page('Page.reload', { ignoreCache: true });
  same(await load('/'), 'Hello, World!');
});

await check('fetches /bytes?n=1000', async () => {
  same(await evaluate("fetch('/bytes?n=1000').then((r) => r.text()).then((t) => t === 'x'.repeat(1000))"), true);
});

await check('fetches 8 MB', async () => {
  same(await evaluate("fetch('/bytes?n=8000000').then((r) => r.blob()).then((b) => b.size)"), 8_000_000);
});

await check('posts', async () => {
  same(await evaluate("fetch('/echo', { method: 'POST', body: 'text' }).then((r) => r.text())"), 'text');
  same(await evaluate("fetch('/', { method: 'HEAD' }).then((r) => r.headers.get('content-length'))"), '13');
});

await check('is refused 2 MB, whole', async () => {
  same(await evaluate(`(async () => {
    const answers = [];
    for (let n = 0; n < 20; n += 1) {
      const response = await fetch('/echo', { method: 'POST', body: 'x'.repeat(2_000_000) });
      answers.push(response.status, (await response.text()).length === Number(response.headers.get('content-length')));
    }
    return answers;
  })()`), Array(20).fill([413, true]).flat());
});

await check('fetches 50 at once', async () => {
  same(await evaluate(`Promise.all(Array.from({ length: 50 }, (_, n) =>
    fetch('/wait?ms=5&n=' + n).then((r) => r.text()).then((t) => t === 'waited 5 ms\\n')))`), Array(50).fill(true));
});

await check('leaves in mid-answer and comes back', async () => {
  same(await evaluate(`(async () => {
    for (let n = 0; n < 10; n += 1) {
      const abort = new AbortController();
      const response = await fetch('/bytes?n=8000001', { signal: abort.signal });
      await response.body.getReader().read();
      abort.abort();
    }
    return fetch('/').then((r) => r.text());
  })()`), 'Hello, World!');
});

await check(kept ? 'keeps its connections' : 'opens a connection for each', async () => {
  for (let n = 0; n < 10; n += 1) await evaluate(`fetch('/bytes?n=${n}').then((r) => r.text())`);
  const responses = Array.from({ length: 10 }, (_, n) => onResponse.get(`${base}/bytes?n=${n}`)).flat();
  same(responses.map(({ protocol, connectionReused }) => [protocol, connectionReused]), Array(10).fill(['http/1.1', kept]));
});

await check('closes', () => Promise.race([
  tell('Browser.close'),
  new Promise((resolve) => { browser.on('exit', resolve); }),
]));

finish();
