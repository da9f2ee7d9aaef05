/**
 * Sets all nine fuses of the packed Electron (architecture §16.3), before anything is signed. A fuse this file does not
 * know fails the build. SWITCHYARD_INSPECTABLE=1 makes the flavour that Playwright can drive: never released.
 */
import { join } from 'node:path';
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses';

export const fuses = (inspectable) => ({
  version: FuseVersion.V1,
  strictlyRequireAllFuses: true,
  resetAdHocDarwinSignature: false,
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: inspectable,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  [FuseV1Options.WasmTrapHandlers]: true,
});

/** The packed executable, or on macOS the bundle. */
function executableOf({ appOutDir, electronPlatformName, packager }) {
  if (electronPlatformName === 'darwin') return join(appOutDir, `${packager.appInfo.productFilename}.app`);
  if (electronPlatformName === 'win32') return join(appOutDir, `${packager.appInfo.productFilename}.exe`);
  return join(appOutDir, packager.executableName);
}

export default async function afterPack(context) {
  const unsignedMac = context.electronPlatformName === 'darwin' && context.arch === 3;
  await flipFuses(executableOf(context), {
    ...fuses(process.env.SWITCHYARD_INSPECTABLE === '1'),
    // Changing a byte breaks the ad-hoc signature that Apple silicon insists on.
    resetAdHocDarwinSignature: unsignedMac && process.platform === 'darwin',
  });
}
