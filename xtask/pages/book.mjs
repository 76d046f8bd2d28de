// The book, in headless Chromium: URL of its first page [FOLDER]. Every chapter is looked at on a phone in light and on a
// laptop in dark, and its search is asked for something; FOLDER takes a picture of each view.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { base as url, check, finish, same } from '../clients/check.mjs';
import * as browser from '../clients/devtools.mjs';
import { evaluate, on, page } from '../clients/devtools.mjs';

const pictures = process.argv[3];
// More would be a loop among links; the book has far fewer.
const CHAPTERS_MAX = 200;

const asked = new Set();
const said = [];
on('Network.requestWillBeSent', ({ request }) => {
  if (!/^(file|data|blob):/.test(request.url)) asked.add(request.url);
});
on('Runtime.consoleAPICalled', ({ type, args }) => {
  if (type === 'error' || type === 'warning') said.push([type, ...args.map((arg) => arg.value)]);
});
on('Runtime.exceptionThrown', ({ exceptionDetails }) => said.push(['exception', exceptionDetails.exception?.description ?? exceptionDetails.text]));
on('Network.loadingFailed', ({ errorText, type }) => said.push(['not loaded', type, errorText]));

await check('starts', async () => {
  await browser.open();
  await page('Runtime.enable');
});

async function view(width, height, mobile, theme) {
  await page('Emulation.setDeviceMetricsOverride', { width, height, mobile, deviceScaleFactor: 1 });
  await page('Emulation.setEmulatedMedia', { media: 'screen', features: [{ name: 'prefers-color-scheme', value: theme }] });
}

async function shoot(name) {
  if (!pictures) return;
  const { cssContentSize: { width, height } } = await page('Page.getLayoutMetrics');
  const clip = { x: 0, y: 0, width, height: Math.min(height, 12_000), scale: 1 };
  const { data } = await page('Page.captureScreenshot', { format: 'png', clip, captureBeyondViewport: true });
  writeFileSync(join(pictures, `book-${name}.png`), data, 'base64');
}

// What is wrong with a chapter as it is laid out now.
const wrong = () => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth} wide in ${root.clientWidth}`);
  if (!document.querySelector('main h1')) found.push('there is no heading');
  for (const image of document.querySelectorAll('main img')) {
    if (image.naturalWidth === 0) found.push(`${image.src} is not shown`);
    else if (!image.alt) found.push(`${image.src} says nothing to those who can't see it`);
  }
  for (const link of document.querySelectorAll('main a[href^="#"]')) {
    if (!document.getElementById(decodeURIComponent(link.hash.slice(1)))) found.push(`${link.hash} leads nowhere`);
  }
  const text = document.querySelector('main').innerText;
  for (const mark of ['<!--', '-->', '](']) if (text.includes(mark) && !document.querySelector('main pre')?.innerText.includes(mark)) found.push(`'${mark}' is shown`);
  return found;
};

let chapters = [];
await check('has chapters', async () => {
  await view(1280, 800, false, 'light');
  await browser.load(url);
  chapters = await evaluate(`[...new Set([...document.querySelectorAll('nav a[href]')].map((link) => link.href.split('#')[0]))]
    .filter((href) => href.endsWith('.html') && !/print\\.html$|toc\\.html$/.test(href))`);
  same(chapters.length > 10 && chapters.length < CHAPTERS_MAX, true);
});

for (const chapter of chapters) {
  const name = chapter.slice(url.lastIndexOf('/') + 1).replace(/\.html$/, '').replaceAll('/', '-');
  await check(name, async () => {
    for (const [size, width, height, mobile, theme] of [['phone', 390, 844, true, 'light'], ['laptop', 1280, 800, false, 'dark']]) {
      await view(width, height, mobile, theme);
      await browser.load(chapter);
      await shoot(`${name}-${size}`);
      same([size, await evaluate(`(${wrong})()`)], [size, []]);
    }
  });
}

await check('finds what is searched for', async () => {
  await view(1280, 800, false, 'light');
  await browser.load(url);
  const found = await evaluate(`(async () => {
    const pause = () => new Promise((go) => setTimeout(go, 100));
    document.querySelector('[id$=search-toggle]').click();
    const input = document.querySelector('[id$=searchbar]');
    for (let tries = 0; tries < 100; tries += 1) {
      input.value = 'smuggling';
      input.dispatchEvent(new Event('input', { bubbles: true }));
      input.dispatchEvent(new KeyboardEvent('keyup', { bubbles: true }));
      await pause();
      const results = [...document.querySelectorAll('[id$=searchresults] a')].map((link) => link.getAttribute('href'));
      if (results.length > 0) return results;
    }
    return [];
  })()`);
  same(found.some((link) => link.includes('traps')), true);
  await shoot('search');
});

await check('asks the network for nothing', async () => same([...asked], []));
await check('has nothing to complain about', async () => same(said, []));
await check('closes', browser.close);
finish();
