import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';

export const VIEWS = {
  light: { colorScheme: 'light', width: 1280 },
  dark: { colorScheme: 'dark', width: 1280 },
  phone: { colorScheme: 'light', width: 360 },
  'dark phone': { colorScheme: 'dark', width: 360 },
} as const;
export type View = (typeof VIEWS)[keyof typeof VIEWS];

/** Debian's Chromium, without requests of its own: any request apart from the page comes from the page. */
export function openBrowser(): Promise<Browser> {
  const args = ['--disable-background-networking', '--disable-component-update', '--disable-quic', '--disable-sync'];
  return chromium.launch({ executablePath: '/usr/bin/chromium', args });
}

/** A page in a browser, and the results of loading it. */
export interface OpenPage {
  readonly page: Page;
  /** Messages and errors of the browser. */
  readonly complaints: readonly string[];
  /** The URLs of all requests. */
  readonly requests: readonly string[];
}

export async function openPage(browser: Browser, url: string, { colorScheme, width }: View): Promise<OpenPage> {
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(url, { waitUntil: 'networkidle' });
  return { page, complaints, requests };
}

/** A web server with one page, which records all requests. */
export class Site {
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor(html: string) {
    this.#server = createServer((request, response) => {
      this.asked.push(request.url ?? '');
      response.writeHead(200, { 'content-type': 'text/html' }).end(html);
    });
  }

  static async open(html: string): Promise<Site> {
    const site = new Site(html);
    await new Promise<void>((resolve) => site.#server.listen(0, '127.0.0.1', resolve));
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
