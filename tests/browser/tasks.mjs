// What operators do with the console, as they do it: by mouse with every click counted, by keyboard alone, without
// script. The test moves the clock and makes the requests of services.
import { SOON, ask, check, end, go, open, task, world } from "./kit.mjs";

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
  await page.waitForURL("**/clients/new/credential");
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

// Console 28.
await task("a rotation by keyboard alone", async () => {
  const page = await open();
  await go(page, "/clients/search-index/credentials");
  await reach(page, "main a[href$='/credentials/rotate']");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/rotate");
  await reach(page, "main form button.btn-primary");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/reveal/**");
  await reach(page, "[data-copy=secret]");
  await page.keyboard.press("Enter");
  await page.getByText("Copied").first().waitFor();
  await reach(page, "#stored");
  await page.keyboard.press("Space");
  await reach(page, "main form[method=post] button.btn-primary");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/credentials");
  await page.context().close();
});

// Console 34.
await task("copying where the browser has no clipboard", async () => {
  for (const [works, says] of [[true, "Copied to clipboard"], [false, "Press Ctrl or Command and C to copy the selected text"]]) {
    const page = await open();
    await page.addInitScript((works) => {
      Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined });
      window.taken = [];
      document.execCommand = () => works && window.taken.push(document.activeElement.value);
    }, works);
    await go(page, "/clients/report-service");
    await page.locator(".id [data-copy]").first().click();
    await page.waitForFunction((says) => document.getElementById("live").textContent === says, says);
    if (works) check((await page.evaluate(() => window.taken))[0] === "report-service", "something else is copied");
    else check((await page.evaluate(() => getSelection().toString())) === "report-service", "the text is not selected");
    await page.context().close();
  }
});

// Console 22.
await task("the first token is noticed", async () => {
  const page = await open();
  await go(page, "/clients/label-printer");
  await page.getByText("Waiting for the first token").waitFor();
  await ask({ do: "use", client: "label-printer", secret: "new", address: "10.0.4.12" });
  await page.locator("[data-say]", { hasText: "First token issued" }).waitFor({ timeout: SOON });
  check((await page.locator("main").textContent()).includes("10.0.4.12"), "its address is not named");
  await page.context().close();
});

// Console 4.
await task("a client from its first page to a rotation and back, without script", async () => {
  const page = await open({ javaScriptEnabled: false });
  const on = async (to) => {
    await page.locator("main form[method=post] button.btn-primary").last().click();
    await page.waitForURL(to);
  };
  const to = async (name, url) => {
    await page.getByRole("link", { name }).first().click();
    await page.waitForURL(url);
  };
  await go(page, "/clients/new");
  await page.fill("#name", "Plain worker");
  await on("**/clients/new/access");
  await page.locator("input[name=scope]").first().check();
  await on("**/clients/new/credential");
  await on("**/clients/new/check");
  await on("**/reveal/**");
  check((await page.textContent("#secret")).startsWith("jtn_"), "the secret is not shown");
  await page.check("#stored");
  await on((url) => !url.pathname.includes("/reveal/"));
  await to("Credentials", "**/credentials");
  await to("Rotate", "**/rotate");
  await on("**/reveal/**");
  await page.check("#stored");
  await on("**/credentials");
  await page.getByText("Rotation in progress").waitFor();
  // The way there stands in noscript, which a Chromium that is told to run no script does not show.
  await page.goto(`${page.url()}/cancel`);
  await page.getByRole("button", { name: "Cancel rotation" }).click();
  await page.getByText("Rotation cancelled.").waitFor();
  await to("Access", "**/access");
  await page.locator("#access input[name=grant]:not(:checked)").first().check();
  await page.getByRole("button", { name: "Review change" }).click();
  await page.getByRole("button", { name: "Save access" }).click();
  await page.getByText("Access saved").waitFor();
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
  await page.getByText("10.0.4.77").first().waitFor({ timeout: SOON });
  check(before !== (await page.locator("main").textContent()), "the page does not follow");
  await page.context().close();
});

// Console 35.
await task("a live part that is left alone or can't be reached says since when", async () => {
  const page = await open();
  await go(page, "/clients/billing-worker/credentials");
  const note = page.locator(".stale", { hasText: /^Not updated since \d\d:\d\d UTC$/ });
  await page.locator("[data-live] a").first().focus();
  await note.waitFor({ timeout: SOON });
  await page.evaluate(() => document.activeElement.blur());
  await note.waitFor({ state: "detached", timeout: SOON });
  await page.route("**/fragments/**", (route) => route.abort("aborted"));
  await note.waitFor({ timeout: SOON });
  check(/Not updated since/.test(await page.locator("#live").textContent()), "it is not said aloud");
  await page.unroute("**/fragments/**");
  await note.waitFor({ state: "detached", timeout: SOON });
  await page.context().close();
});

// Console 44.
await task("a chart says what its table says", async () => {
  const page = await open();
  for (const [path, columns] of [["", 1], ["/clients/report-service/activity", 2], ["/clients/billing-worker/credentials", 2]]) {
    await go(page, path);
    const { said, most } = await page.evaluate(() => {
      const card = document.querySelector(".plot").closest(".card");
      const amount = (text) => Number(text.replace(/[^0-9]/g, ""));
      const rows = [...card.querySelectorAll("details tbody tr")].map((row) => [...row.querySelectorAll(".num")].map((cell) => amount(cell.textContent)));
      const said = card.querySelector(".plot svg").getAttribute("aria-label");
      return { said, most: (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]))) };
    });
    check(most.length >= columns, `${path}: the chart has no table`);
    for (const highest of most.slice(0, columns)) {
      const words = highest ? `${highest} an hour` : "None";
      check(said.replaceAll(",", "").includes(words), `${path}: “${said}” does not say ${words}`);
    }
  }
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

// Console 50.
await task("the first paint has the chosen colours", async () => {
  const [light, dark] = ["rgb(246, 247, 245)", "rgb(15, 18, 17)"];
  for (const [theme, colorScheme, wanted] of [["dark", "light", dark], ["light", "dark", light], ["system", "dark", dark], ["system", "light", light]]) {
    const page = await open({ colorScheme, javaScriptEnabled: false });
    if (theme !== "system") await page.context().addCookies([{ name: "jeton-theme", value: theme, url: world.base }]);
    await page.goto(`${world.base}/console`, { waitUntil: "domcontentloaded" });
    for (let tries = 0; tries < 500 && !(await page.evaluate(() => performance.getEntriesByName("first-paint").length)); tries++) await page.waitForTimeout(20);
    const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    check(background === wanted, `${theme} on a ${colorScheme} system: the first paint is on ${background}`);
    await page.context().close();
  }
});

await end();
