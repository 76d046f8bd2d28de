// What the Node scripts share. Each takes BASE and kept|closed: where the server is, and whether it
// keeps connections.

import assert from 'node:assert/strict';

export const base = process.argv[2];
export const kept = process.argv[3] === 'kept';
export const { hostname, port } = new URL(base);

// No check may hang; a serial server makes one wait for the client before it.
const LIMIT_MS = 30_000;
let failures = 0;

export async function check(name, run) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  try {
    await Promise.race([run(), late]);
    console.log(`ok      ${name}`);
  } catch (error) {
    failures += 1;
    console.log(`FAILED  ${name}: ${error.stack}${error.cause ? `\n  because ${error.cause}` : ''}`);
  } finally {
    clearTimeout(timer);
  }
}

export function same(got, wanted) {
  assert.deepEqual(got, wanted);
}

// Sockets that are kept would keep the process; whoever calls this has seen all that it wanted.
export function finish() {
  if (failures > 0) console.log(`${failures} checks failed`);
  process.exit(failures > 0 ? 1 : 0);
}
