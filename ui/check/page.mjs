// Opens the page of a running server in headless Chromium, as a person would, and checks what it shows.
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const url = process.env.VIGIL_URL ?? "http://127.0.0.1:8080";
const name = process.env.VIGIL_ADMIN_NAME ?? "admin";
const password = process.env.VIGIL_ADMIN_PASSWORD ?? "";
const screenshots = process.env.VIGIL_SCREENSHOTS;
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
if (!executablePath) {
  console.error("page: no Chromium found; install the package chromium");
  process.exit(1);
}

const problems = [];
const context = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), "vigil-page-")), {
  executablePath,
  headless: true,
  viewport: { width: 1400, height: 1000 },
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
const page = await context.newPage();
page.on("pageerror", (error) => problems.push(`script error: ${error.message}`));
page.on("console", (message) => {
  // The first look at /api/v1/me is meant to be refused.
  if (message.type() === "error" && !message.text().includes("401")) problems.push(`console: ${message.text()}`);
});
page.on("request", (request) => {
  if (!request.url().startsWith(url) && !request.url().startsWith("data:")) problems.push(`foreign request: ${request.url()}`);
});
const shot = async (file) => {
  if (!screenshots) return;
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, file), fullPage: true });
};
const expect = async (what, check) => {
  try {
    await check();
    console.log(`page: ok: ${what}`);
  } catch (error) {
    problems.push(`${what}: ${String(error.message).split("\n")[0]}`);
  }
};

const answered = () => page.locator('.answer[aria-busy="false"]').getByText(/\d+ ms · understood/).first().waitFor({ timeout: 120_000 });

page.setDefaultTimeout(15_000);
await page.goto(url);
await expect("a wrong password is refused with a text", async () => {
  await page.fill('input[name="password"]', "certainly-wrong");
  await page.click('button[type="submit"]');
  await page.getByRole("alert").filter({ hasText: "wrong" }).waitFor();
});
await expect("the right password opens the page", async () => {
  await page.fill('input[name="name"]', name);
  await page.fill('input[name="password"]', password);
  await page.click('button[type="submit"]');
  await page.locator(".question").waitFor();
});
await expect("the log list and its histogram show records", async () => {
  await page.getByLabel("Time range").selectOption("24h");
  await page.locator(".records button.record").first().waitFor();
  const total = Number(await page.locator("[data-total]").getAttribute("data-total"));
  if (!(total > 0)) throw new Error(`the histogram counts ${total} records`);
  await page.locator(".chart canvas").first().waitFor();
});
await shot("logs.png");
await expect("a record opens with its neighbours", async () => {
  await page.locator(".records button.record").first().click();
  await page.getByText("records around it").first().click();
  await page.locator(".details .records .record").first().waitFor();
});
await expect("Live shows a record as it comes and holds it back during a pause", async () => {
  const send = (message) =>
    page.evaluate(async (text) => {
      const body = JSON.stringify({ service: "page-check", level: "warn", message: text });
      const headers = { "content-type": "application/json" };
      const answer = await fetch("/api/v1/logs", { method: "POST", headers, body });
      if (!answer.ok) throw new Error(`sending answered ${answer.status}`);
    }, message);
  // With the keyboard alone.
  await page.getByRole("switch", { name: "Live" }).focus();
  await page.keyboard.press("Enter");
  await page.locator('[data-state="live"]').waitFor();
  await send("page check: first");
  await page.locator(".live .record .body", { hasText: "page check: first" }).waitFor();
  await page.getByRole("button", { name: "Pause" }).focus();
  await page.keyboard.press("Space");
  await page.locator('[data-state="paused"]').waitFor();
  await send("page check: second");
  await page.getByText("1 more have come").waitFor();
  if (await page.locator(".live .record .body", { hasText: "page check: second" }).count()) {
    throw new Error("a pause does not hold records back");
  }
  await page.getByRole("button", { name: "Resume" }).click();
  await page.locator(".live .record .body", { hasText: "page check: second" }).waitFor();
});
await shot("live.png");
await expect("turning Live off leads back to the search", async () => {
  await page.getByRole("switch", { name: "Live" }).click();
  await page.locator(".records button.record").first().waitFor();
  await page.locator(".chart canvas").first().waitFor();
});
await expect("a line explains itself in plain words", async () => {
  await page.locator(".records button.record").first().click();
  await page.getByRole("button", { name: "explain" }).first().click();
  await page.locator(".explained p").first().waitFor();
});
await expect("patterns show their trend, and two windows what changed", async () => {
  await page.getByRole("link", { name: "Patterns" }).click();
  await page.locator(".patterns .spark").first().waitFor();
  await shot("patterns.png");
  await page.getByLabel("What to look at").selectOption("diff:24h");
  await page.locator(".patterns .tag").first().waitFor();
});
await shot("changes.png");
await expect("services are listed, with who calls whom where traces tell it", async () => {
  await page.getByRole("link", { name: "Services" }).click();
  await page.getByLabel("Time range").selectOption("24h");
  await page.locator("table.services tbody tr").first().waitFor();
});
await shot("services.png");
await page.getByRole("link", { name: "Logs" }).click();
await expect("a question is answered with evidence", async () => {
  await page.fill(".question", "Why is checkout failing?");
  await page.keyboard.press("Enter");
  await page.locator(".answer .facts").waitFor();
  await page.locator(".answer .evidence li").first().waitFor();
  await answered();
});
await shot("ask.png");
await expect("a question that leans on the one before is understood, and the one before stays", async () => {
  await page.fill(".question", "How many errors in the last 24 hours, by service?");
  await page.keyboard.press("Enter");
  await page.locator(".answer .groups tbody tr").first().waitFor();
  await answered();
  await page.fill(".question", "only for checkout");
  await page.keyboard.press("Enter");
  await page.locator(".chip", { hasText: "service checkout" }).first().waitFor();
  await answered();
  await page.locator("details.old summary", { hasText: "Why is checkout failing?" }).waitFor();
});
await expect("what was understood is changed with the keyboard and asked again", async () => {
  await page.getByLabel("Add a condition").first().selectOption("severities");
  await page.getByLabel("severity", { exact: true }).fill("info");
  await page.keyboard.press("Enter");
  // The button takes the focus once it is there: on a busy machine that is later than the next key of a program.
  await page.locator("button.run:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("changed by you").waitFor();
  await page.locator(".chip", { hasText: "severity info" }).first().waitFor();
  await answered();
});
await expect("the search that counted opens in the log list", async () => {
  await page.locator(".proof code", { hasText: "service:checkout" }).first().waitFor();
  await page.getByRole("link", { name: "Open in logs" }).first().click();
  await page.locator(".records button.record").first().waitFor();
  if (!page.url().includes("service%3Acheckout")) throw new Error(`the address is ${page.url()}`);
});
await expect("where the logs show nothing, that is said", async () => {
  await page.fill(".question", "how many unicorns of flurbistan yesterday?");
  await page.keyboard.press("Enter");
  await page.locator(".facts.abstained").waitFor();
  await answered();
});
await shot("conversation.png");
await expect("a new conversation begins empty", async () => {
  await page.getByRole("button", { name: "New conversation" }).click();
  await page.locator(".answer").first().waitFor({ state: "detached" });
});
await expect("a token that reads is made, shown once and revoked", async () => {
  await page.getByRole("link", { name: "Tokens" }).click();
  await page.getByLabel("What the token is for").fill("page check");
  await page.getByRole("button", { name: "Make a token" }).click();
  await page.locator(".proof code", { hasText: "vgl_read_" }).waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  const row = page.locator(".tokens li", { hasText: "page check" }).filter({ hasText: "never used" }).first();
  page.once("dialog", (dialog) => dialog.accept());
  await row.getByRole("button", { name: "Revoke" }).click();
  await row.getByText("revoked", { exact: false }).waitFor();
  await page.getByRole("link", { name: "Logs" }).click();
});
await expect("an incident shows its summary and can be taken", async () => {
  await page.locator("button.incident").first().click();
  await page.getByRole("heading", { name: "What happened" }).waitFor();
  await page.getByText("To check:").first().waitFor();
  await page.getByRole("link", { name: "Post-mortem draft" }).waitFor();
  const take = page.getByRole("button", { name: "Acknowledge" });
  if (await take.count()) {
    await take.click();
    await page.getByText("acknowledged", { exact: false }).first().waitFor();
  }
});
await shot("incident.png");
await expect("the page works on a phone's width", async () => {
  await page.setViewportSize({ width: 390, height: 800 });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (overflow > 1) throw new Error(`the page is ${overflow} px too wide`);
});
await shot("phone.png");
await context.close();

for (const problem of problems) console.error(`page: ${problem}`);
process.exit(problems.length === 0 ? 0 : 1);
