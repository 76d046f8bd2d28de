// Headless Chromium, told what to do over a pipe (the DevTools protocol: JSON messages, each ended by
// NUL).

import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
const listeners = new Map();
let next = 0;
let unread = '';
browser.stdio[4].setEncoding('utf8').on('data', (part) => {
  const messages = (unread + part).split('\0');
  unread = messages.pop();
  for (const message of messages.map((text) => JSON.parse(text))) {
    if (message.id) answersTo.get(message.id)(message);
    else listeners.get(message.method)?.(message.params);
  }
});
browser.stdio[3].on('error', () => {});

// Calls `listener` with the parameters of each event of that name.
export const on = (method, listener) => listeners.set(method, listener);

// Sends a command and awaits its result.
async function tell(method, params = {}, sessionId = undefined) {
  next += 1;
  browser.stdio[3].write(`${JSON.stringify({ id: next, method, params, sessionId })}\0`);
  const message = await new Promise((resolve) => { answersTo.set(next, resolve); });
  if (message.error) throw new Error(`${method}: ${message.error.message}`);
  return message.result;
}

let session;
export const page = (method, params) => tell(method, params, session);

// An empty page, on which all that follows happens.
export async function open() {
  const { targetId } = await tell('Target.createTarget', { url: 'about:blank' });
  ({ sessionId: session } = await tell('Target.attachToTarget', { targetId, flatten: true }));
  await page('Network.enable');
  await page('Page.enable');
}

// What an expression is in the page, promises awaited.
export async function evaluate(expression) {
  const { result, exceptionDetails } = await page('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
  if (exceptionDetails) throw new Error(`in the page: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
  return result.value;
}

// Goes there and waits until all of it has been loaded.
export async function load(url) {
  const { errorText } = await page('Page.navigate', { url });
  if (errorText) throw new Error(`${url}: ${errorText}`);
  await evaluate("new Promise((go) => document.readyState === 'complete' ? go() : addEventListener('load', go))");
}

export const close = () => Promise.race([
  tell('Browser.close'),
  new Promise((resolve) => { browser.on('exit', resolve); }),
]);
