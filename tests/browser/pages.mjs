// Every page and state, in light and dark, wide and narrow: accessible, within the policy, without scrolling sideways.
// With SCREENSHOTS=DIR each is also drawn into DIR.
import { mkdirSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import { complain, end, go, open, world } from "./kit.mjs";

const looks = [
  { name: "light-1280", colorScheme: "light", viewport: { width: 1280, height: 900 } },
  { name: "dark-1280", colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  { name: "light-320", colorScheme: "light", viewport: { width: 320, height: 800 } },
];
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const screenshots = process.env.SCREENSHOTS;
if (screenshots) mkdirSync(screenshots, { recursive: true });

/** What is smaller than a finger, or hidden beyond the edge. */
const measure = () => {
  const small = [];
  for (const element of document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")) {
    const { width, height } = element.getBoundingClientRect();
    const seen = width > 0 && height > 0 && !element.closest(".vh, .skip, [hidden]") && !element.matches(".skip");
    const inText = element.matches("p a, li a, td a:not(.btn), th a, dd a, caption a, figcaption a");
    const labelled = element.matches("input[type=radio], input[type=checkbox]") && element.closest(".choice, td, label");
    if (seen && !inText && !labelled && (width < 24 || height < 24)) {
      small.push(`${element.tagName.toLowerCase()} “${element.textContent.trim().slice(0, 30)}” ${Math.round(width)}×${Math.round(height)}`);
    }
  }
  return { small, wide: document.documentElement.scrollWidth - innerWidth };
};

for (const { name, ...look } of looks) {
  for (const [label, path, who] of world.pages) {
    const page = await open({ ...look, cookie: who === "stranger" ? null : world.cookie });
    const response = await go(page, path);
    const where = `${label} (${name})`;
    if (response.status() >= 500) complain(`${where}: ${response.status()}`);
    if (screenshots) await page.screenshot({ path: `${screenshots}/${label}-${name}.png`, fullPage: true });
    const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
    for (const { id, nodes } of violations) complain(`${where}: ${id}: ${nodes.map((node) => node.html.slice(0, 160)).slice(0, 3).join(" | ")}`);
    const { small, wide } = await page.evaluate(measure);
    if (wide > 0) complain(`${where}: ${wide} px wider than the window`);
    for (const target of small) complain(`${where}: too small: ${target}`);
    if ((await page.locator("h1").count()) !== 1) complain(`${where}: not one h1`);
    await page.context().close();
  }
}
await end();
