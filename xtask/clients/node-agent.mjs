// Node's http.request with an agent that keeps connections.

import http from 'node:http';
import { hostname, port, check, finish, kept, same } from './check.mjs';

const REQUESTS = 100;

// The status, the headers and the body, and on which socket they came.
function ask(agent, path, { body, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, path, agent, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => { text += part; });
      response.on('end', () => resolve({ ...response, status: response.statusCode, headers: response.headers, text, socket: request.socket }));
      response.on('aborted', () => reject(new Error('the answer was cut')));
    });
    request.on('error', reject);
    request.end(body);
  });
}

function agentOf(sockets) {
  return new http.Agent({ keepAlive: true, maxSockets: sockets });
}

await check(`${REQUESTS} requests through one socket at a time`, async () => {
  const agent = agentOf(1);
  const answers = [];
  for (let n = 0; n < REQUESTS; n += 1) answers.push(await ask(agent, `/bytes?n=${n}`));
  same(answers.map(({ status, text }) => [status, text.length]), answers.map((_, n) => [200, n]));
  same(new Set(answers.map(({ socket }) => socket)).size, kept ? 1 : REQUESTS);
  agent.destroy();
});

await check(`${REQUESTS} requests at once through eight sockets`, async () => {
  const agent = agentOf(8);
  const all = Array.from({ length: REQUESTS }, (_, n) => ask(agent, '/echo', { method: 'POST', body: `number ${n}` }));
  const answers = await Promise.all(all);
  same(answers.map(({ text }) => text), answers.map((_, n) => `number ${n}`));
  same(new Set(answers.map(({ socket }) => socket)).size, kept ? 8 : REQUESTS);
  agent.destroy();
});

await check('the answer says whether the connection is kept', async () => {
  const agent = agentOf(1);
  const { headers } = await ask(agent, '/');
  same(headers.connection, kept ? undefined : 'close');
  const closing = await ask(new http.Agent({ keepAlive: false }), '/');
  same(closing.headers.connection, 'close');
  agent.destroy();
});

await check('Expect: 100-continue', async () => {
  const agent = agentOf(1);
  const text = await new Promise((resolve, reject) => {
    const headers = { Expect: '100-continue', 'Content-Length': 5 };
    const request = http.request({ hostname, port, path: '/echo', method: 'POST', agent, headers }, (response) => {
      response.setEncoding('utf8').on('data', resolve);
    });
    request.on('continue', () => request.end('hello'));
    request.on('error', reject);
    request.flushHeaders();
  });
  same(text, 'hello');
  agent.destroy();
});

await check('an upgrade is not taken', async () => {
  const agent = agentOf(1);
  const headers = {
    Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  const { status, text } = await ask(agent, '/', { headers });
  same([status, text], [200, 'Hello, World!']);
  agent.destroy();
});

await check('2 MB are refused, 20 times', async () => {
  for (let n = 0; n < 20; n += 1) {
    const agent = agentOf(1);
    const { status, text, headers } = await ask(agent, '/echo', { method: 'POST', body: 'x'.repeat(2_000_000) });
    same([status, text.length], [413, Number(headers['content-length'])]);
    agent.destroy();
  }
});

finish();
