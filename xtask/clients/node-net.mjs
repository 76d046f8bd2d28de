// Node's plain sockets: bytes as nobody's library would send them.

import net from 'node:net';
import { check, finish, hostname, kept, port, same } from './check.mjs';

const request = (path) => `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`;
const LAST = `GET /bytes?n=3 HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function open(options = {}) {
  const socket = net.connect({ host: hostname, port: Number(port), ...options });
  socket.setNoDelay(true);
  return socket;
}

// All that comes until the server closes. A reset is an error here.
function read(socket) {
  return new Promise((resolve, reject) => {
    const parts = [];
    socket.on('data', (part) => parts.push(part));
    socket.on('end', () => resolve(Buffer.concat(parts).toString('latin1')));
    socket.on('error', reject);
  });
}

// The answers in what was read: status and body of each.
function answers(text) {
  const all = [];
  for (let rest = text; rest !== '';) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) throw new Error(`no whole head in ${JSON.stringify(rest)}`);
    const head = rest.slice(0, end);
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1]);
    const body = rest.slice(end + 4, end + 4 + length);
    if (body.length !== length) throw new Error(`a body of ${body.length} in place of ${length} bytes`);
    all.push([Number(head.slice(9, 12)), body]);
    rest = rest.slice(end + 4 + length);
  }
  return all;
}

const HELLO = [200, 'Hello, World!'];
const THREE = [200, 'xxx'];

await check('two requests in one write', async () => {
  const socket = open();
  socket.write(request('/') + LAST);
  same(answers(await read(socket)), kept ? [HELLO, THREE] : [HELLO]);
});

await check('a hundred requests in one write', async () => {
  const socket = open();
  socket.write(request('/').repeat(99) + LAST);
  same(answers(await read(socket)), kept ? [...Array(99).fill(HELLO), THREE] : [HELLO]);
});

await check('a request byte by byte', async () => {
  const socket = open();
  const text = read(socket);
  for (const byte of LAST) {
    socket.write(byte);
    await pause(1);
  }
  same(answers(await text), [THREE]);
});

await check('a request with a body, split at every byte', async () => {
  const whole = `POST /echo HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`
    + '5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n';
  for (let at = 1; at < whole.length; at += 1) {
    const socket = open();
    const text = read(socket);
    socket.write(whole.slice(0, at));
    await pause(2);
    socket.write(whole.slice(at));
    same([at, answers(await text)], [at, [[200, 'hello!']]]);
  }
});

await check('a half-close after the request', async () => {
  for (const [path, length] of [['/', 13], ['/wait?ms=50', 13], ['/bytes?n=8000000', 8_000_000]]) {
    const socket = open({ allowHalfOpen: true });
    socket.end(request(path));
    same(answers(await read(socket)).map(([status, body]) => [path, status, body.length]), [[path, 200, length]]);
  }
});

await check('a half-close in the middle of a request', async () => {
  const socket = open({ allowHalfOpen: true });
  socket.end('POST /echo HTTP/1.1\r\nHost: lab\r\nContent-Length: 100\r\n\r\nhalf');
  same(answers(await read(socket)).every(([status]) => status >= 400), true);
});

await check('a reader that pauses before an answer of 8 MB', async () => {
  const socket = open();
  socket.write(LAST.replace('n=3', 'n=8000000'));
  socket.pause();
  const text = read(socket);
  await pause(700);
  socket.resume();
  same(answers(await text)[0][1].length, 8_000_000);
});

async function leave(how) {
  for (let n = 0; n < 50; n += 1) {
    const socket = open();
    socket.on('error', () => {});
    socket.write(request('/bytes?n=8000000'));
    await new Promise((resolve) => { socket.once('data', resolve); });
    how(socket);
  }
  const socket = open();
  socket.write(LAST);
  same(answers(await read(socket)), [THREE]);
}

await check('alive after 50 that close in mid-answer', () => leave((socket) => socket.destroy()));
await check('alive after 50 that reset in mid-answer', () => leave((socket) => socket.resetAndDestroy()));

await check('alive after 50 that connect and leave', async () => {
  for (let n = 0; n < 50; n += 1) {
    const socket = open();
    await new Promise((resolve) => { socket.once('connect', resolve); });
    socket.destroy();
  }
  const socket = open();
  socket.write(LAST);
  same(answers(await read(socket)), [THREE]);
});

await check('200 connections at once', async () => {
  const all = Array.from({ length: 200 }, () => {
    const socket = open();
    socket.write(LAST);
    return read(socket);
  });
  same((await Promise.all(all)).map(answers), Array(200).fill([THREE]));
});

finish();
