/**
 * What the window shows where its own page could not be loaded: a sentence and a way to try again. A `data:` address, because
 * whatever failed may be our scheme; no script, and nothing in it comes from anywhere else.
 */
import { failedPageText } from '../text.ts';

/** `again`: the address of our page that could not be loaded. */
export function failedPage(again: string): string {
  const { title, detail, retry } = failedPageText;
  const html = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Switchyard</title>
<style>
:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-content:center;padding:24px;box-sizing:border-box;
font:14px/1.5 system-ui,sans-serif;background:#f2f2f2;color:#1a1a1a}
h1{font-size:18px;margin:0 0 8px}p{margin:0 0 16px;max-width:52ch}a{color:#0a58ca}
@media(prefers-color-scheme:dark){body{background:#141414;color:#ededed}a{color:#7db4ff}}
</style>
<main><h1>${title}</h1><p>${detail}</p><p><a href="${new URL(again).href}" autofocus>${retry}</a></p></main></html>`;
  return `data:text/html;charset=utf-8,${encodeURIComponent(html)}`;
}
