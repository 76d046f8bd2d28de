// Node's fetch, which is undici: it keeps connections where it may, and streams both ways.

import { base, check, finish, same } from './check.mjs';

const text = async (path, options) => (await fetch(base + path, options)).text();
const LARGE = 'x'.repeat(900_000);
const TOO_LARGE = 'x'.repeat(2_000_000);

await check('GET', async () => {
  const response = await fetch(base);
  same([response.status, response.headers.get('content-type'), await response.text()],
    [200, 'text/plain; charset=utf-8', 'Hello, World!']);
});

await check('JSON', async () => {
  same(await (await fetch(`${base}/json`)).json(), { message: 'Hello, World!' });
});

await check('HEAD', async () => {
  const response = await fetch(`${base}/bytes?n=1000`, { method: 'HEAD' });
  same([response.status, response.headers.get('content-length'), await response.text()], [200, '1000', '']);
});

await check('POST of text, of nothing and of 900 kB', async () => {
  for (const body of ['text', '', LARGE]) same(await text('/echo', { method: 'POST', body }), body);
});

await check('POST of a stream', async () => {
  const parts = ['one, ', 'two, ', 'three'];
  const body = new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (parts.length > 0) controller.enqueue(new TextEncoder().encode(parts.shift()));
      else controller.close();
    },
  });
  same(await text('/echo', { method: 'POST', body, duplex: 'half' }), 'one, two, three');
});

await check('POST of a form', async () => {
  const form = new FormData();
  form.set('name', 'value');
  same((await text('/echo', { method: 'POST', body: form })).includes('name="name"\r\n\r\nvalue'), true);
});

await check('a body that is read as it comes', async () => {
  let total = 0;
  for await (const part of (await fetch(`${base}/bytes?n=8000000`)).body) total += part.length;
  same(total, 8_000_000);
});

await check('statuses', async () => {
  for (const [path, method, status] of [
    ['/no/such/path', 'GET', 404], ['/', 'DELETE', 405], ['/', 'PUT', 405], ['/', 'OPTIONS', 204],
    ['/', 'BREW', 501], ['/bytes?n=none', 'GET', 400],
  ]) {
    const response = await fetch(base + path, { method });
    await response.text();
    same([path, method, response.status], [path, method, status]);
  }
});

await check('100 at a time', async () => {
  const all = Array.from({ length: 100 }, (_, n) => text('/echo', { method: 'POST', body: `number ${n}` }));
  same(await Promise.all(all), Array.from({ length: 100 }, (_, n) => `number ${n}`));
});

await check('100 one after another', async () => {
  for (let n = 0; n < 100; n += 1) same(await text(`/bytes?n=${n}`), 'x'.repeat(n));
});

// Undici is right to give up on the rest of the body once it has the answer, and the server is right
// to read on for a while. Either way the answer is read whole.
await check('2 MB are refused, 20 times', async () => {
  for (let n = 0; n < 20; n += 1) {
    const response = await fetch(`${base}/echo`, { method: 'POST', body: TOO_LARGE });
    same([response.status, (await response.text()).length], [413, Number(response.headers.get('content-length'))]);
  }
});

await check('alive after 20 that are aborted in mid-answer', async () => {
  for (let n = 0; n < 20; n += 1) {
    const abort = new AbortController();
    const response = await fetch(`${base}/bytes?n=8000000`, { signal: abort.signal });
    await response.body.getReader().read();
    abort.abort();
  }
  same(await text('/'), 'Hello, World!');
});

await check('alive after 20 that are aborted before the answer', async () => {
  for (let n = 0; n < 20; n += 1) {
    const aborted = await fetch(`${base}/wait?ms=50`, { signal: AbortSignal.timeout(10) }).catch((error) => error.name);
    same(aborted, 'TimeoutError');
  }
  same(await text('/'), 'Hello, World!');
});

finish();
