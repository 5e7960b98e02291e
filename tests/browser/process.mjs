// What only a server that is a process of its own can show: set-up with the link that it printed, real tokens, and a
// restart in the middle of a rotation.
import { SOON, ask, check, end, go, open, task, world } from "./kit.mjs";

const { base, link, password } = world;
const CREDENTIALS = "/clients/mover/credentials";

/** What the token endpoint answers a service that has this secret. */
const status = async (secret) => {
  const authorization = `Basic ${Buffer.from(`mover:${secret}`).toString("base64")}`;
  const body = new URLSearchParams({ grant_type: "client_credentials" });
  return (await fetch(`${base}/oauth2/token`, { method: "POST", headers: { authorization }, body })).status;
};

/** When the old secret stops, and how many tokens came from the new one and the old one. */
const said = async (page) => {
  await go(page, CREDENTIALS);
  const stops = await page.getByText(/Old secret stops .* UTC/).first().textContent();
  const counts = await page.locator(".cred dl.kv dd:first-of-type").allTextContents();
  return JSON.stringify([stops.match(/stops (.*) UTC/)[1], counts.map((it) => it.trim().split(" ")[0])]);
};

// Console 14.
await task("the code in the link leaves the address", async () => {
  const code = new URL(link).searchParams.get("code");
  const times = async () => (await ask({ do: "log" })).log.split(code).length;
  const before = await times();
  const page = await open();
  const referrers = [];
  page.on("request", (request) => referrers.push(request.headers().referer ?? ""));
  await page.goto(link);
  await page.getByRole("heading", { name: "Your account" }).waitFor();
  check(new URL(page.url()).search === "", `the address is still ${page.url()}`);
  check(!(await page.content()).includes(code), "the page holds the code");
  await page.getByLabel("Your name").fill("Ana Lima");
  await page.getByLabel("E-mail address").fill("ana@example.com");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Make this account" }).click();
  await page.waitForURL("**/me/second-factor");
  check(!referrers.some((it) => it.includes(code)), "a referrer holds the code");
  check((await times()) === before, "the log holds the code");
  await page.context().close();
});

// Console 4: a session that the restart must not end, and without script to begin with.
const { secret: old } = await ask({ do: "populate" });
const plain = await open({ javaScriptEnabled: false });
let fresh;

await task("signing in and rotating without script", async () => {
  await go(plain, "/sign-in");
  await plain.getByLabel("E-mail address").fill("ben@example.com");
  await plain.getByLabel("Password").fill(password);
  await plain.getByRole("button", { name: "Sign in" }).click();
  await plain.waitForURL((url) => !url.pathname.endsWith("/sign-in"));
  await go(plain, `${CREDENTIALS}/rotate`);
  await plain.getByLabel("24 hours", { exact: true }).check();
  await plain.getByRole("button", { name: "Make new secret" }).first().click();
  await plain.waitForURL("**/reveal/**");
  fresh = (await plain.textContent("#secret")).trim();
});

// Console 42.
await task("a rotation goes on after a restart", async () => {
  const window = plain.url();
  for (const secret of [old, old, fresh]) check((await status(secret)) === 200, "no token before the restart");
  const before = await said(plain);
  await ask({ do: "restart" });
  const after = await said(plain);
  check(before === after, `before the restart ${before}, after it ${after}`);
  check((await status(old)) === 200 && (await status(fresh)) === 200, "no token after the restart");
  await plain.goto(window);
  await plain.getByText("can’t be shown again").first().waitFor();
  check(!(await plain.content()).includes(fresh), "the secret is shown after the restart");
});

// Console 37.
await task("what is retired by mistake is undone, and who was refused is named", async () => {
  const session = (await plain.context().cookies()).find((it) => it.name === "jeton").value;
  const page = await open({ cookie: session });
  await go(page, CREDENTIALS);
  await page.getByRole("button", { name: "Retire old secret now" }).click();
  await page.getByRole("dialog").getByRole("button", { name: /Retire and refuse/ }).click();
  await page.getByText("Old secret retired").waitFor();
  check((await status(old)) === 401 && (await status(fresh)) === 200, "retiring does not stop the old secret alone");
  const refused = page.locator("[data-live]", { hasText: /refused/ }).filter({ hasText: "127.0.0.1" });
  await refused.waitFor({ timeout: SOON });
  await page.getByRole("button", { name: "Undo" }).first().click();
  await page.getByText("Rotation in progress").waitFor();
  check(await page.getByText(/Old secret stops .*\(in (24|23) hours\)/).isVisible(), "Undo does not give it 24 hours");
  check((await status(old)) === 200, "Undo does not bring it back");
  await page.context().close();
});

await end();
