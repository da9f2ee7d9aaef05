import { fc, test } from '../property.ts';
import { describe, expect, it } from 'vitest';
import { externalUrl, isOurPage, mayNavigate } from '../../../../electron/desktop/window/urls.ts';

const notOurs = [
  'app://ui.evil/',
  'app://evil/ui',
  'app://ui@evil/',
  'app://evil@ui/',
  'app://user:pass@ui/',
  'app://ui:8080/',
  'app://UI.evil',
  'app:ui',
  'app:///ui',
  'app:////ui/',
  'https://ui/',
  'http://app/',
  'https://a.com@b',
  'https://app://ui/',
  'file:///ui/index.html',
  'file://ui/',
  'javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<script>1</script>',
  'blob:app://ui/1-2',
  'filesystem:app://ui/x',
  'about:blank',
  'about:srcdoc',
  'view-source:app://ui/',
  'chrome://settings',
  'devtools://x',
  'ftp://ui/',
  'ws://ui/',
  'app://u\u0456/',
  'app://\uff55\uff49/',
  'app://ui%2f@evil/',
  'app://ui\u3002evil/',
  'app://ui\\@evil/',
  'appx://ui/',
  'app2://ui/',
  '',
  ' ',
  'ui',
  '//ui/',
  'null',
];

describe('our page', () => {
  it.each(['app://ui/', 'app://ui', 'app://ui/index.html', 'app://ui/#queue/01', 'app://ui/?a=1', 'APP://ui/'])(
    '%s is',
    (url) => {
      expect(isOurPage(url)).toBe(true);
    },
  );
  it.each(notOurs)('%j is not', (url) => {
    expect(isOurPage(url)).toBe(false);
    expect(mayNavigate(url, true)).toBe(false);
  });
  it('may be gone to in the main frame only, and only as the page itself', () => {
    expect(mayNavigate('app://ui/#history', true)).toBe(true);
    expect(mayNavigate('app://ui/index.html', true)).toBe(true);
    expect(mayNavigate('app://ui/#history', false)).toBe(false);
    expect(mayNavigate('app://ui/media/output/1', true)).toBe(false);
    expect(mayNavigate('app://ui/assets/x.svg', true)).toBe(false);
  });
});

describe('an address opened outside', () => {
  const servers = ['http://192.168.1.9:8188', 'https://swarm.studio.example/sub', 'http://localhost:7801'];
  it.each([
    'https://github.com/comfyanonymous/ComfyUI',
    'https://docs.comfy.org/',
    'http://192.168.1.9:8188/',
    'http://192.168.1.9:8188/extensions/x?a=1#b',
    'https://swarm.studio.example/',
    'http://localhost:7801/Text2Image',
  ])('%s may be', (url) => {
    expect(externalUrl(url, servers)).toBe(new URL(url).href);
  });
  it.each([
    'http://github.com/',
    'https://github.com.evil.example/',
    'https://github.com@evil.example/',
    'https://user@github.com/',
    'https://github.com:8443/',
    'https://evilgithub.com/',
    'https://gist.github.com/',
    'http://192.168.1.9:8189/',
    'https://192.168.1.9:8188/',
    'http://192.168.1.90:8188/',
    'http://user:pw@192.168.1.9:8188/',
    'http://127.0.0.1:7801/',
    'http://swarm.studio.example/',
    'file:///etc/passwd',
    'file://server/share/x.exe',
    '\\\\server\\share\\x.exe',
    'smb://server/share',
    'ms-settings:',
    'ms-msdt:/id PCWDiagnostic',
    'search-ms:query=x',
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'mailto:a@b.c',
    'tel:1',
    'steam://run/1',
    'app://ui/',
    'https://github.com/" & calc.exe & "',
    'https://github.com/`id`',
    'https://github.com/\u0000',
    'https://github.com/\n',
    ' https://github.com/',
    'https:\\\\github.com\\',
    '',
    'github.com',
  ])('%j may not be', (url) => {
    expect(externalUrl(url, servers)).toBeNull();
  });

  test.prop([
    fc.constantFrom(
      'file',
      'smb',
      'ms-word',
      'ms-settings',
      'javascript',
      'data',
      'vbscript',
      'ftp',
      'ws',
      'app',
      'chrome',
      'ldap',
      'jar',
    ),
    fc.string(),
  ])('no other scheme ever passes, whatever follows it', (scheme, rest) => {
    expect(externalUrl(`${scheme}:${rest}`, [...servers, `${scheme}:${rest}`])).toBeNull();
    expect(externalUrl(`${scheme}://${rest}`, [...servers, `${scheme}://${rest}`])).toBeNull();
  });
  test.prop([fc.webUrl({ withFragments: true, withQueryParameters: true })])(
    'a web address of nobody we know never passes',
    (url) => {
      const known = ['github.com', 'docs.comfy.org', 'www.comfy.org', 'comfy.org', 'swarmui.net'];
      fc.pre(!known.includes(new URL(url).hostname));
      expect(externalUrl(url, servers)).toBeNull();
    },
  );
});
