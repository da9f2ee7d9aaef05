/** What kind of media an output is, by its name. */
import type { OutputMedia } from '../../../shared/job-fact.ts';

const MEDIA: readonly [RegExp, OutputMedia][] = [
  [/\.(mp4|webm|mov|mkv|avi|m4v)$/i, 'video'],
  [/\.(wav|mp3|flac|ogg|opus|m4a|aac)$/i, 'audio'],
  [/\.(png|jpe?g|webp|gif|avif|bmp|tiff?|exr)$/i, 'image'],
  [/\.(txt|json|csv|md|srt)$/i, 'text'],
];

/** `other` for a name that says nothing. */
export function mediaOf(name: string): OutputMedia {
  return MEDIA.find(([pattern]) => pattern.test(name))?.[1] ?? 'other';
}
