/**
 * What may be done about a newer version, decided from how this copy was installed. Pure. Only a signed copy that its own
 * installer can replace is updated, and only after asking; everything else is told that there is one
 * (architecture §16.3).
 */
export interface Installed {
  packaged: boolean;
  platform: NodeJS.Platform;
  /** Built with a signing key; without one nothing proves that an update is ours. */
  signed: boolean;
  /** A feed was built in (`app-update.yml`). */
  hasFeed: boolean;
  /** How it came: `process.env.APPIMAGE`, a portable zip, the package type file of deb and rpm. */
  form: 'installer' | 'portable' | 'appimage' | 'deb' | 'rpm' | 'archive' | 'store';
}

/** `none`: look for nothing · `tell`: say that there is one and where · `ask`: fetch it, then ask for a restart. */
export type UpdateManner = 'none' | 'tell' | 'ask';

export function updateManner(installed: Installed): UpdateManner {
  const { packaged, platform, signed, hasFeed, form } = installed;
  if (!packaged || !hasFeed || form === 'store') return 'none';
  if (!signed) return 'tell';
  if (platform === 'win32') return form === 'installer' ? 'ask' : 'tell';
  if (platform === 'darwin') return 'ask';
  // deb and rpm belong to the system's package manager, which asks for a password; archives belong to nobody.
  return form === 'appimage' ? 'ask' : 'tell';
}

/** How a packaged copy came to this machine, as far as it shows. */
export function installedForm(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  packageType: string | null,
): Installed['form'] {
  if (env['SNAP'] !== undefined || env['FLATPAK_ID'] !== undefined) return 'store';
  if (platform === 'win32') return env['PORTABLE_EXECUTABLE_FILE'] === undefined ? 'installer' : 'portable';
  if (platform === 'darwin') return 'installer';
  if (env['APPIMAGE'] !== undefined) return 'appimage';
  return packageType === 'deb' || packageType === 'rpm' ? packageType : 'archive';
}
