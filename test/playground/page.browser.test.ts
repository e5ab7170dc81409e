import { existsSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type PlaygroundServer, startServer } from './server.ts'

const executablePath = '/usr/bin/chromium'
const isSkipped = !existsSync(executablePath) && !process.env.CI
const timeoutMs = 60_000
const polling = { timeout: 20_000 }

let server: PlaygroundServer
let browser: Browser
let context: BrowserContext
let page: Page
let faults: string[]

describe.skipIf(isSkipped)('the page of the playground, in Chromium', { timeout: timeoutMs }, () => {
  beforeAll(async () => {
    server = await startServer()
    const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking']
    browser = await chromium.launch({ executablePath, args })
  }, timeoutMs)

  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    context.setDefaultTimeout(20_000)
    faults = []
    await context.exposeFunction('reportViolation', (violation: string) => faults.push(`policy: ${violation}`))
    await context.addInitScript(
      'document.addEventListener("securitypolicyviolation", (e) => reportViolation(e.effectiveDirective + " " + e.blockedURI))',
    )
    context.on('request', (request) => {
      if (!request.url().startsWith(`${server.url}/`)) faults.push(`left the origin: ${request.url()}`)
    })
    // A warning counts too: the editor only warns when it can't start its workers.
    context.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(`${message.type()}: ${message.text()}`)
    })
    context.on('weberror', (error) => faults.push(error.error().message))
    page = await context.newPage()
  })

  afterEach(async () => {
    await context.close()
  })

  it('takes the key out of the address, keeps it in the tab only, and shows who it belongs to', async () => {
    await openWithKey()
    expect(page.url()).toBe(`${server.url}/`)
    expect(await page.evaluate('Object.values(sessionStorage)')).toContain(server.key)
    expect(await page.evaluate('JSON.stringify([localStorage, document.cookie, history.state])')).not.toContain(server.key)
    expect(await page.content()).not.toContain(server.key)
    expect(await textOf('.organization strong')).not.toBe('')
    expect(await textOf('.key-state time')).toMatch(/^ends in \d+ hours$/)
    const shownParts = (await textOf('.key-state code')).split('…')
    for (const part of shownParts) expect(server.key.slice(0, server.key.length / 2)).toContain(part)
    expect(faults).toEqual([])
  })

  it('answers the first Run with the organization as a whole, and leaves neither its origin nor its policy', async () => {
    await openWithKey()
    await run()
    const slug = await textOf('.organization code')
    await expect.poll(answerText, polling).toContain(`"slug": "${slug}"`)
    expect(await answerText()).not.toContain('"errors"')
    await page.screenshot({ path: await screenshotPath() })
    expect(faults).toEqual([])
  })

  it('opens an example in a tab of its own, filled in with the organization, and runs it', async () => {
    await openWithKey()
    await page.getByRole('button', { name: 'Components by state' }).click()
    await page.locator('[role=tab], .graphiql-tab').filter({ hasText: 'Components' }).waitFor()
    await expect.poll(() => textOf('.graphiql-editor-tool .view-lines'), polling).toContain('org_')
    await run()
    await expect.poll(answerText, polling).toContain('"totalCount"')
    expect(await answerText()).not.toContain('"errors"')
    expect(await page.locator('.graphiql-tab').count()).toBe(2)
    expect(faults).toEqual([])
  })

  it('completes, checks and documents the operation from the schema', async () => {
    await openWithKey()
    await page.locator('.graphiql-query-editor .view-lines').click()
    await page.keyboard.press('Control+A')
    await page.keyboard.type('{ viewer { nonsense')
    await page.locator('.graphiql-query-editor .squiggly-error').first().waitFor()
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click()
    await page.locator('.graphiql-doc-explorer').getByText('Mutation', { exact: true }).waitFor()
    expect(faults).toEqual([])
  })

  it('keeps the session over a reload and loses it with Forget', async () => {
    await openWithKey()
    await page.reload()
    await page.locator('.organization strong').waitFor()
    await page.getByRole('button', { name: 'Forget' }).click()
    await page.getByRole('heading', { name: 'Paste a key to begin' }).waitFor()
    expect(await page.evaluate('JSON.stringify(sessionStorage)')).not.toContain(server.key)
    await page.reload()
    await page.getByRole('heading', { name: 'Paste a key to begin' }).waitFor()
    expect(faults).toEqual([])
  })

  it('asks for a key where there is none, and takes a pasted one', async () => {
    await page.goto(server.url)
    await page.getByRole('heading', { name: 'Paste a key to begin' }).waitFor()
    await page.getByPlaceholder('API key or access token').fill(server.key)
    await page.keyboard.press('Enter')
    await page.locator('.organization strong').waitFor()
    expect(faults).toEqual([])
  })

  it('says that a key is refused, and keeps it nowhere', async () => {
    await page.goto(`${server.url}/#key=${encodeURIComponent(`${server.key}x`)}`)
    await page.getByRole('heading', { name: 'This key was refused' }).waitFor()
    expect(page.url()).toBe(`${server.url}/`)
    expect(await page.evaluate('JSON.stringify([sessionStorage, localStorage])')).not.toContain(server.key)
    expect(faults.filter((fault) => !fault.includes('401'))).toEqual([])
  })

  it('keeps the working key when another one is refused', async () => {
    await openWithKey()
    await page.getByPlaceholder('Paste another key').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('The one in use is unchanged').waitFor()
    await run()
    await expect.poll(answerText, polling).toContain('"data"')
  })

  it('says when the key in use stops working, and leaves the tabs', async () => {
    await openWithKey()
    const errors = [{ message: 'Sign in.', extensions: { code: 'UNAUTHENTICATED' } }]
    await page.route('**/graphql', (route) => route.fulfill({ status: 401, json: { errors } }))
    await run()
    await page.getByRole('alert').getByText('no longer accepts this key').waitFor()
    expect(await textOf('.graphiql-query-editor .view-lines')).toContain('WholeOrganization')
  })

  it('says when the server is gone, and goes on by itself once it is back', async () => {
    await openWithKey()
    await page.route('**/graphql', (route) => route.abort('connectionrefused'))
    await run()
    await page.getByRole('alert').getByText('Gatehouse does not answer').waitFor()
    await page.unroute('**/graphql')
    await page.locator('.banner').waitFor({ state: 'detached' })
  })

  it('says so when the server is gone from the start, and goes on by itself once it is back', async () => {
    await page.route('**/graphql', (route) => route.fulfill({ status: 502, body: 'Bad Gateway' }))
    await page.goto(`${server.url}/#key=${encodeURIComponent(server.key)}`)
    await page.getByRole('heading', { name: 'Gatehouse does not answer' }).waitFor()
    await page.unroute('**/graphql')
    await page.locator('.organization strong').waitFor()
  })
})

async function openWithKey(): Promise<void> {
  await page.goto(`${server.url}/#key=${encodeURIComponent(server.key)}`)
  await page.locator('.graphiql-query-editor .view-line').first().waitFor()
  await page.locator('.graphiql-spin').waitFor({ state: 'detached' })
}

async function run(): Promise<void> {
  await page.locator('.graphiql-execute-button').click()
}

const answerText = () => textOf('.graphiql-response .view-lines')

async function textOf(selector: string): Promise<string> {
  const text = await page.locator(selector).first().textContent()
  // The editor writes its blanks as no-break spaces.
  return (text ?? '').replaceAll('\u00a0', ' ')
}

async function screenshotPath(): Promise<string> {
  if (!process.env.UPDATE_SCREENSHOT) return join(await mkdtemp(join(tmpdir(), 'gatehouse-page-')), 'playground.png')
  const path = resolve(import.meta.dirname, '../../docs/playground.png')
  await mkdir(dirname(path), { recursive: true })
  return path
}
