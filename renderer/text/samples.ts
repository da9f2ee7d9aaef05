/** What New job says of the sample workflows that come with Switchyard: what each is for, in one line. */
export const sampleText = {
  title: 'Or start from a sample',
  failed: 'That sample could not be loaded.',
} as const;

/** By file name in resources/workflows. The line names the model, because a server without it refuses the sample. */
export const sampleWords = {
  'text-to-image.json': {
    title: 'Text to image',
    line: 'One prompt with three variants. SDXL, 1024 × 768, 24 steps.',
  },
  'four-at-once.json': {
    title: 'Four at once',
    line: 'Four pictures from one job. Stable Diffusion 1.5, 512 × 512, 16 steps.',
  },
  'two-passes.json': {
    title: 'Two passes',
    line: 'A second sampler over the first. SDXL, 832 × 1216, 20 and 12 steps.',
  },
} as const;

export type SampleName = keyof typeof sampleWords;
