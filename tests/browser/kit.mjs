// What the browser tests have in common: Debian's Chromium, the server that the test has started, and a word with
// the test itself, which holds the server's clock.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** What the test says of the servers: an address, a session's cookie, the pages and states that exist. */
export const world = JSON.parse((await answers.next()).value);

/** Asks the test to do something on the server's side, and waits until it is done. */
export const ask = async (wish) => {
  console.log(`ask ${JSON.stringify(wish)}`);
  const { value } = await answers.next();
  return JSON.parse(value);
};

/** Notes something that is not as it should be; the test fails with all that was noted. */
export const complain = (words) => console.log(`wrong ${words}`);

export const check = (is, words) => is || complain(words);

/** Runs one task; where it breaks off is a complaint, and the next one runs all the same. */
export const task = async (name, run) => {
  try {
    await run();
  } catch (error) {
    complain(`${name}: ${error.message.split("\n").slice(0, 3).join(" ")}`);
  }
};

/** How long anything may take, in milliseconds: what a machine needs that is busy with everything else. */
const PATIENCE = 60_000;

/** The same for what a live part brings by itself, which it asks for every five seconds. */
export const SOON = 45_000;

export const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
});

/**
 * What Chromium says when it shows a page without the cross-fade that the stylesheet allows, because the next page came
 * sooner or a busy machine was late. No page can catch it: https://github.com/w3c/csswg-drafts/issues/13726.
 */
const withoutFade = /Transition was (skipped|aborted)/;

/** Whatever a page's console says, and whatever it can't load, is a complaint. */
const listen = (page) => {
  page.on("console", (message) => {
    const expected = /status of (403|404|409|410|422|429)/.test(message.text()) || withoutFade.test(message.text());
    if (message.type() === "error" && !expected) complain(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => {
    if (!withoutFade.test(error.message)) complain(`${page.url()}: ${error.message}`);
  });
  page.on("requestfailed", (request) => {
    if (!/ERR_ABORTED/.test(request.failure()?.errorText)) complain(`${request.url()}: ${request.failure()?.errorText}`);
  });
};

/** A page of a browser in which an owner is signed in. */
export const open = async ({ cookie = world.cookie, ...options } = {}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  if (cookie) await context.addCookies([{ name: "jeton", value: cookie, url: world.base }]);
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  listen(page);
  return page;
};

/** A page of a browser of whoever meets a scene. */
export const watched = async ({ base, cookies }) => {
  const context = await browser.newContext();
  // The page stands still: a live part that is replaced meanwhile would not be the one that was looked at before.
  await context.addInitScript(() => {
    const later = window.setTimeout;
    window.setTimeout = (run, after, ...rest) => (after >= 5_000 ? 0 : later(run, after, ...rest));
  });
  await context.addCookies(Object.entries(cookies).map(([name, value]) => ({ name, value, url: base })));
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  listen(page);
  return page;
};

/** Goes to a scene: opens its address, or sends its form there. */
export const visit = async (page, { base, path, form }) => {
  const address = `${base}/console${path}`;
  if (form !== null) {
    const headers = { "content-type": "application/x-www-form-urlencoded", origin: base };
    const send = (route) => route.continue({ method: "POST", postData: form, headers: { ...route.request().headers(), ...headers } });
    await page.route(address, send, { times: 1 });
  }
  return page.goto(address);
};

export const go = (page, path) => page.goto(`${world.base}/console${path}`);

export const end = async () => {
  await browser.close();
  console.log("end");
  process.exit(0);
};
