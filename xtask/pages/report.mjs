// A page of loadgen's, in headless Chromium: URL [FOLDER]. It is looked at on a phone, a laptop and paper, on
// light and dark ground; FOLDER takes a picture of each.

import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { base as url, check, finish, same } from '../clients/check.mjs';
import * as browser from '../clients/devtools.mjs';
import { evaluate, on, page } from '../clients/devtools.mjs';

const name = basename(new URL(url).pathname, '.html');
const pictures = process.argv[3];

const asked = [];
const said = [];
on('Network.requestWillBeSent', ({ request }) => {
  if (!request.url.startsWith('data:')) asked.push(request.url);
});
on('Runtime.consoleAPICalled', ({ type, args }) => said.push([type, ...args.map((arg) => arg.value)]));
on('Runtime.exceptionThrown', ({ exceptionDetails }) => said.push(['exception', exceptionDetails.text]));
on('Log.entryAdded', ({ entry }) => said.push([entry.level, entry.text]));

await check('starts', async () => {
  await browser.open();
  await page('Runtime.enable');
  await page('Log.enable');
});

async function shoot(view) {
  if (!pictures) return;
  const { cssContentSize: { width, height } } = await page('Page.getLayoutMetrics');
  const clip = { x: 0, y: 0, width, height, scale: 1 };
  const { data } = await page('Page.captureScreenshot', { format: 'png', clip, captureBeyondViewport: true });
  writeFileSync(join(pictures, `${name}-${view}.png`), data, 'base64');
}

// Everything that is wrong with the page as it is laid out now, in words; where there is room, tables that are
// wider than their boxes, too. A run of failures only has nothing to draw.
const wrong = (chartless, roomy) => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth} wide in ${root.clientWidth}`);
  const charts = [...document.querySelectorAll('svg[role=img]')];
  if (charts.length === 0 && !chartless) found.push('there is no chart');
  if (roomy) {
    for (const box of document.querySelectorAll('.scroll')) {
      // The values of a picture have half of the page, and are not read first.
      if (box.closest('details')) continue;
      const title = box.querySelector('th')?.textContent;
      if (box.scrollWidth > box.clientWidth) found.push(`the table '${title}' is ${box.scrollWidth} wide in ${box.clientWidth}`);
    }
  }
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  for (const id of ids.filter((id, index) => ids.indexOf(id) < index)) found.push(`two elements are called ${id}`);
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    if (!document.getElementById(decodeURIComponent(link.hash.slice(1)))) found.push(`${link.hash} leads nowhere`);
  }
  for (const chart of charts) {
    const words = chart.getAttribute('aria-labelledby').split(' ').map((id) => document.getElementById(id)?.textContent);
    const name = words[0] ?? '?';
    if (words.length !== 2 || words.some((text) => !text)) found.push(`${name}: title or description is missing`);
    const box = chart.getBoundingClientRect();
    if (box.width < 250 || box.height < 60) found.push(`${name}: only ${box.width} x ${box.height}`);
    const texts = [...chart.querySelectorAll('text')].map((text) => [text, text.getBoundingClientRect()]);
    if (texts.length === 0) found.push(`${name}: nothing is written in it`);
    const fill = (element) => getComputedStyle(element).fill;
    for (const [text, at] of texts) {
      if (at.left < box.left - 1 || at.right > box.right + 1 || at.top < box.top - 1 || at.bottom > box.bottom + 1) {
        found.push(`${name}: '${text.textContent.trim()}' is cut`);
      }
      if (at.height < 7) found.push(`${name}: '${text.textContent.trim()}' is ${at.height} px high`);
      if (fill(text) === getComputedStyle(document.body).backgroundColor) found.push(`${name}: a text can't be seen`);
    }
    // The names of lines have the colours of their servers, and no other words do.
    const names = texts.map(([text]) => text).filter((text) => !text.matches('.f-text, .f-muted'));
    const lines = names.map((text) => text.textContent.trim());
    for (const line of new Set(lines.filter((line, index) => lines.indexOf(line) < index))) {
      found.push(`${name}: two lines are called '${line}'`);
    }
    texts.forEach(([a, at], index) => {
      for (const [b, other] of texts.slice(index + 1)) {
        const across = Math.min(at.right, other.right) - Math.max(at.left, other.left);
        const down = Math.min(at.bottom, other.bottom) - Math.max(at.top, other.top);
        // Boxes are higher than what is written in them.
        if (across > 1 && down > at.height / 3) found.push(`${name}: '${a.textContent.trim()}' covers '${b.textContent.trim()}'`);
      }
    });
    if ([...chart.querySelectorAll('rect, polyline, circle')].every((shape) => fill(shape) === 'rgb(0, 0, 0)')) {
      found.push(`${name}: nothing in it has a colour`);
    }
  }
  return found;
};

const SIZES = [['phone', 390, 844, true], ['laptop', 1280, 800, false], ['paper', 760, 1075, false]];
for (const [size, width, height, mobile] of SIZES) {
  for (const theme of size === 'paper' ? ['dark'] : ['light', 'dark']) {
    await check(`is well on ${size}, ${theme}`, async () => {
      await page('Emulation.setDeviceMetricsOverride', { width, height, mobile, deviceScaleFactor: 1 });
      // Paper is white, whatever the reader's taste.
      await page('Emulation.setEmulatedMedia', {
        media: size === 'paper' ? 'print' : 'screen',
        features: [{ name: 'prefers-color-scheme', value: theme }],
      });
      await browser.load(url);
      await shoot(`${size}-${theme}`);
      same(await evaluate(`(${wrong})(${name === 'failures'}, ${size === 'laptop'})`), []);
      const ground = await evaluate('getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)');
      same(ground[0] > 127, theme === 'light' || size === 'paper');
    });
  }
}

await check('opens its tables without leaving the page too narrow', async () => {
  await page('Emulation.setDeviceMetricsOverride', { width: 390, height: 844, mobile: true, deviceScaleFactor: 1 });
  await page('Emulation.setEmulatedMedia', { media: 'screen' });
  await browser.load(url);
  await evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })");
  same(await evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth'), true);
});

await check('asks for nothing but itself', async () => same([...new Set(asked)], [url]));
await check('has nothing to complain about', async () => same(said, []));

if (pictures) {
  await check('is printed', async () => {
    await page('Emulation.clearDeviceMetricsOverride');
    await page('Emulation.setEmulatedMedia', { media: '', features: [] });
    await browser.load(url);
    const { data } = await page('Page.printToPDF', { printBackground: true, preferCSSPageSize: true });
    writeFileSync(join(pictures, `${name}.pdf`), data, 'base64');
  });
}

await check('closes', browser.close);
finish();
