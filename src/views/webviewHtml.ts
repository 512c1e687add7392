import { randomBytes } from 'node:crypto'
import * as vscode from 'vscode'

/** Where the page may load from. */
export function webviewRoots(extensionUri: vscode.Uri): readonly vscode.Uri[] {
  return [vscode.Uri.joinPath(extensionUri, 'dist')]
}

/**
 * The page around a chat or the Doctor. Nothing but our own scripts, styles and fonts is allowed; it cannot reach any
 * network, and images are our own or stand in the page itself.
 */
export function webviewHtml(
  webview: vscode.Webview,
  extensionUri: vscode.Uri,
  place: 'view' | 'panel' | 'doctor',
): string {
  const page = place === 'doctor' ? 'doctor' : 'webview'
  const nonce = randomBytes(24).toString('base64url')
  const url = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, 'dist', name)).toString()
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}' ${webview.cspSource}`,
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data:`,
    `connect-src 'none'`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ')
  return `<!doctype html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>OpenCode</title>
<link rel="stylesheet" href="${url('codicon.css')}">
<link rel="stylesheet" href="${url(`${page}.css`)}">
</head>
<body data-place="${place}">
<div id="root"></div>
<script type="module" nonce="${nonce}" src="${url(`${page}.js`)}"></script>
</body>
</html>`
}
