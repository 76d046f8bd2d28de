// A browser: headless Chromium.

import { base, check, finish, kept, same } from './check.mjs';
import * as browser from './devtools.mjs';
import { evaluate, on, page } from './devtools.mjs';

const onResponse = new Map();
on('Network.responseReceived', (params) => {
  const { url, ...response } = params.response;
  onResponse.set(url, [...(onResponse.get(url) ?? []), response]);
});

await check('starts', browser.open);

async function load(path) {
  await browser.load(base + path);
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

await check('closes', browser.close);

finish();
