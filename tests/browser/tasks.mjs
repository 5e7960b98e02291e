// What operators do with the console, as they do it: by mouse with every click counted, by keyboard alone, without
// script. The test moves the clock and makes the requests of services.
import { ask, complain, end, go, open, world } from "./kit.mjs";

const check = (is, words) => is || complain(words);

/** Runs one task; where it breaks off is a complaint, and the next one runs all the same. */
const task = async (name, run) => {
  try {
    await run();
  } catch (error) {
    complain(`${name}: ${error.message.split("\n").slice(0, 3).join(" ")}`);
  }
};

/** Presses Tab until `selector` has the focus, as somebody without a mouse does. */
const reach = async (page, selector) => {
  for (let pressed = 0; pressed < 120; pressed += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the keyboard does not reach ${selector}`);
};

// Console 20.
await task("a new client by keyboard alone", async () => {
  const page = await open();
  await go(page, "/clients/new");
  await reach(page, "#name");
  await page.keyboard.type("keyboard-worker");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/clients/new/access");
  await reach(page, "input[name=scope]");
  await page.keyboard.press("Space");
  await reach(page, "main form button.btn-primary");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/clients/new/secret");
  await page.goBack();
  check(await page.locator("input[name=scope]").first().isChecked(), "Back loses what was ticked");
  await page.goForward();
  await reach(page, "main form button.btn-primary");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/clients/new/check");
  check(await page.getByText("keyboard-worker will be able to").isVisible(), "the summary has no sentence");
  await reach(page, "main form button.btn-primary");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/reveal/**");
  check((await page.textContent("#secret")).startsWith("jtn_"), "the secret is not shown");
  await reach(page, "#stored");
  await page.keyboard.press("Space");
  await reach(page, "main form button.btn-primary");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.includes("/reveal/"));
  await page.context().close();
});

// Console 28, 31, 34.
await task("a rotation in five clicks", async () => {
  const page = await open({ permissions: ["clipboard-read", "clipboard-write"] });
  let clicks = 0;
  const click = async (locator) => {
    clicks += 1;
    await locator.click();
  };
  await go(page, "/clients/report-service/credentials");
  await click(page.getByRole("link", { name: "Rotate" }).first());
  await click(page.getByRole("button", { name: "Make new secret" }));
  await page.waitForURL("**/reveal/**");
  await click(page.locator("[data-copy=secret]"));
  await page.getByText("Copied").first().waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  check(copied === (await page.textContent("#secret")).trim(), "what was copied is not the secret");
  await page.reload();
  check(await page.locator("#secret").isVisible(), "a reload costs the secret");
  await click(page.locator("#stored"));
  await click(page.getByRole("button", { name: /Continue/ }));
  await page.waitForURL("**/credentials");
  check(clicks === 5, `a rotation takes ${clicks} clicks`);
  check(await page.getByText("Rotation in progress").isVisible(), "the rotation is not shown");
  await page.context().close();
});

// Console 35, 44.
await task("the verdict follows what services do, and is said aloud", async () => {
  const page = await open();
  await go(page, "/clients/billing-worker/credentials");
  await page.getByText("Not safe to retire yet").first().waitFor();
  const dash = await page.locator(".plot .l-old").first().evaluate((line) => getComputedStyle(line).strokeDasharray);
  const solid = await page.locator(".plot .l-new").first().evaluate((line) => getComputedStyle(line).strokeDasharray);
  check(dash !== "none" && solid === "none", `the old line is ${dash}, the new one ${solid}`);
  const before = await page.locator("main").textContent();
  await ask({ do: "use", client: "billing-worker", secret: "old", address: "10.0.4.77" });
  await page.getByText("10.0.4.77").first().waitFor({ timeout: 8_000 });
  check(before !== (await page.locator("main").textContent()), "the page does not follow");
  await page.context().close();
});

// Console 35.
await task("a live part that is left alone or can't be reached says since when", async () => {
  const page = await open();
  await go(page, "/clients/billing-worker/credentials");
  const note = page.getByText(/^Not updated since \d\d:\d\d UTC$/).first();
  await page.locator("[data-live] a").first().focus();
  await note.waitFor({ timeout: 12_000 });
  await page.evaluate(() => document.activeElement.blur());
  await note.waitFor({ state: "detached", timeout: 12_000 });
  await page.route("**/fragments/**", (route) => route.abort());
  await note.waitFor({ timeout: 12_000 });
  check(/Not updated since/.test(await page.locator("#live").textContent()), "it is not said aloud");
  await page.unroute("**/fragments/**");
  await note.waitFor({ state: "detached", timeout: 12_000 });
  await page.context().close();
});

// Console 36.
await task("a dialog names who breaks and is left by Escape", async () => {
  const page = await open();
  await go(page, "/clients/billing-worker/credentials");
  const button = page.getByRole("button", { name: "Retire old secret now" });
  await button.click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  check((await dialog.textContent()).includes("10.0.4."), "the dialog names no address");
  const focused = await page.evaluate(() => document.activeElement?.textContent.trim());
  check(/keep both/i.test(focused ?? ""), `the focus is on “${focused}”`);
  await page.keyboard.press("Escape");
  check(await button.evaluate((it) => it === document.activeElement), "Escape does not give the focus back");
  await page.context().close();
});

// Console 4, 37.
await task("retiring and undoing without script", async () => {
  const page = await open({ javaScriptEnabled: false });
  await go(page, "/clients/billing-worker/credentials/retire");
  await page.locator("main form button").first().click();
  await page.getByText("Undo").first().waitFor();
  await page.getByRole("button", { name: "Undo" }).first().click();
  check((await page.locator("main").textContent()).includes("Rotation in progress"), "Undo does not bring it back");
  await page.context().close();
});

// Console 6.
await task("every stop of the keyboard can be seen", async () => {
  const page = await open();
  for (const path of ["", "/clients", "/clients/billing-worker/credentials", "/me"]) {
    await go(page, path);
    await page.keyboard.press("Tab");
    const first = await page.evaluate(() => document.activeElement?.textContent.trim());
    check(first === "Skip to main content", `${path}: the first stop is “${first}”`);
    for (let stop = 0; stop < 40; stop += 1) {
      await page.keyboard.press("Tab");
      const seen = await page.evaluate(() => {
        const style = getComputedStyle(document.activeElement);
        const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
        return document.activeElement === document.body || ring || document.activeElement.outerHTML.slice(0, 80);
      });
      check(seen === true, `${path}: no ring on ${seen}`);
    }
  }
  await page.context().close();
});

// Console 5.
await task("wider letters lose nothing", async () => {
  const page = await open({ viewport: { width: 320, height: 800 } });
  for (const path of ["", "/clients", "/clients/billing-worker/credentials", "/me"]) {
    await go(page, path);
    const wide = await page.evaluate(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } p { margin-block-end: 2em !important; }");
      document.adoptedStyleSheets = [sheet];
      return document.documentElement.scrollWidth - innerWidth;
    });
    check(wide <= 0, `${path}: ${wide} px too wide with wider letters`);
  }
  await page.context().close();
});

// Console 9.
await task("forced colours keep the borders of badges and buttons", async () => {
  const page = await open({ forcedColors: "active" });
  await go(page, "/clients/billing-worker/credentials");
  for (const kind of [".badge", ".btn"]) {
    const width = await page.locator(kind).first().evaluate((it) => getComputedStyle(it).borderTopWidth);
    check(width !== "0px", `${kind} has no border in forced colours`);
  }
  await page.context().close();
});

// Console 9.
await task("nothing moves where motion is not wanted", async () => {
  const page = await open({ reducedMotion: "reduce" });
  await go(page, "");
  const moving = await page.evaluate(() => [...document.querySelectorAll("*")].filter((it) => getComputedStyle(it).transitionDuration !== "0s").length);
  check(moving === 0, `${moving} elements have a transition`);
  await page.context().close();
});

// Console 50.
await task("the first paint has the chosen colours", async () => {
  const page = await open({ colorScheme: "light" });
  await page.context().addCookies([{ name: "jeton-theme", value: "dark", url: world.base }]);
  await page.goto(`${world.base}/console`, { waitUntil: "domcontentloaded" });
  const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  check(background === "rgb(15, 18, 17)", `the first paint is on ${background}`);
  await page.context().close();
});

await end();
