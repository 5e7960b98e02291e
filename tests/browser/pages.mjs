// Every page and state: accessible in light and dark, well-formed, within the policy, usable by keyboard, with wide
// letters, on a narrow window, with forced colours. With SCREENSHOTS=DIR each is also drawn into DIR.
import { mkdirSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import { complain, end, visit, watched, world } from "./kit.mjs";
import { faults } from "./markup.mjs";
import { bare, focused, measure, spaced, stops } from "./looks.mjs";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** The rules whose answer depends on the theme. */
const COLOURS = ["color-contrast", "link-in-text-block"];
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 320, height: 800 };
/** How often Tab is pressed at most on one page. */
const PRESSES = 60;

const screenshots = process.env.SCREENSHOTS;
if (screenshots) mkdirSync(screenshots, { recursive: true });

const axe = async (page, say, narrow = (builder) => builder.withTags(RULES)) => {
  const { violations } = await narrow(new AxeBuilder({ page }).setLegacyMode(true)).analyze();
  for (const { id, nodes } of violations) say(`${id}: ${nodes.map((node) => node.html.slice(0, 160)).slice(0, 3).join(" | ")}`);
};

const fits = async (page, say) => {
  const { small, wide } = await page.evaluate(measure);
  if (wide > 0) say(`${wide} px wider than the window`);
  for (const target of small) say(`too small: ${target}`);
};

/** Presses Tab from the top: the skip link comes first, the order is that of the page, every stop has a ring. */
const tabs = async (page, say) => {
  const wanted = await page.evaluate(stops);
  if (await page.evaluate(() => document.activeElement === document.body)) await page.keyboard.press("Tab");
  else await page.locator(".skip").focus();
  for (let pressed = 1; pressed < Math.min(wanted, PRESSES); pressed += 1) await page.keyboard.press("Tab");
  for (const fault of await page.evaluate(focused)) say(fault);
};

const draw = (page, label, look) => screenshots && page.screenshot({ path: `${screenshots}/${label}-${look}.png`, fullPage: true });

const examine = async (page, scene) => {
  const say = (words) => complain(`${scene.label}: ${words}`);
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light", forcedColors: "none", reducedMotion: "no-preference" });
  const response = await visit(page, scene);
  if (response.status() !== scene.status) say(`answers ${response.status()} and not ${scene.status}`);
  for (const fault of await faults(await response.text())) say(fault);
  await draw(page, scene.label, "light-1280");
  await tabs(page, (words) => say(`by keyboard: ${words}`));
  await page.evaluate(() => document.querySelectorAll("details").forEach((it) => (it.open = true)));
  await axe(page, (words) => say(`light: ${words}`));
  await fits(page, say);
  // With motion, colours would be half-way between two themes for a moment.
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await axe(page, (words) => say(`dark: ${words}`), (builder) => builder.withRules(COLOURS));
  await draw(page, scene.label, "dark-1280");
  await page.setViewportSize(NARROW);
  await fits(page, (words) => say(`narrow: ${words}`));
  await draw(page, scene.label, "dark-320");
  await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  for (const fault of await page.evaluate(bare)) say(fault);
  await page.emulateMedia({ colorScheme: "light", forcedColors: "none" });
  await draw(page, scene.label, "light-320");
  const wide = await page.evaluate(spaced);
  if (wide > 0) say(`wide letters: ${wide} px wider than the window`);
};

// Two at once, each with a page for everybody who looks.
const waiting = [...world.scenes];
const look = async () => {
  const pages = new Map();
  for (let scene = waiting.shift(); scene; scene = waiting.shift()) {
    const who = JSON.stringify([scene.base, scene.cookies]);
    if (!pages.has(who)) pages.set(who, await watched(scene));
    try {
      await examine(pages.get(who), scene);
    } catch (error) {
      complain(`${scene.label}: ${error.message.split("\n").slice(0, 3).join(" ")}`);
    }
  }
};
await Promise.all([look(), look()]);
await end();
