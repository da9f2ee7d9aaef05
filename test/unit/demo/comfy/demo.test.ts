/** The demo server: somebody else is at work at once, pictures are real, and the same words paint the same picture. */
import { afterEach, describe, expect, it } from 'vitest';
import { inflateSync } from 'node:zlib';
import { decode } from 'jpeg-js';
import { demoGraph, startDemoComfy } from '../../../../electron/demo/comfy/demo.ts';
import type { DemoComfy } from '../../../../electron/demo/comfy/demo.ts';
import { encodeJpeg } from '../../../../electron/demo/comfy/jpeg.ts';
import { paint } from '../../../../electron/demo/comfy/pictures.ts';
import { encodePng } from '../../../../electron/demo/comfy/png.ts';
import { ComfySocket, http } from '../../../conformance/comfy-client.ts';

let demo: DemoComfy | undefined;
afterEach(async () => {
  await demo?.close();
  demo = undefined;
});

describe('startDemoComfy', () => {
  it('has a stranger’s job running and another waiting', async () => {
    demo = await startDemoComfy();
    await demo.server.engine.seen('popped');
    const { json } = await http(demo.url, 'GET', '/api/jobs?status=in_progress,pending');
    expect((json as { jobs: { status: string }[] }).jobs.map((j) => j.status).sort()).toEqual([
      'in_progress',
      'pending',
    ]);
  });

  it('runs an ordinary workflow with progress, JPEG previews and a PNG at the end', async () => {
    demo = await startDemoComfy({ foreign: false, pace: 'brisk' });
    demo.server.engine.speed = 40;
    const me = await ComfySocket.open(demo.url, 'me');
    const prompt = demoGraph({ text: 'harbour', seed: 1, steps: 4, width: 256, height: 128 });
    const reply = await http(demo.url, 'POST', '/prompt', { prompt, client_id: 'me' });
    const id = (reply.json as { prompt_id: string }).prompt_id;
    await me.ended(id);
    expect(me.texts({ type: 'progress', promptId: id })).toHaveLength(4);
    expect(me.binaries(1).map((f) => f.bytes.subarray(8, 11).toString('hex'))).toEqual([
      'ffd8ff',
      'ffd8ff',
      'ffd8ff',
      'ffd8ff',
    ]);
    const output = me.texts({ type: 'executed', promptId: id })[0]?.data['output'] as {
      images: [{ filename: string }];
    };
    const file = await http(demo.url, 'GET', `/view?filename=${output.images[0].filename}&type=output`);
    expect([file.bytes.readUInt32BE(16), file.bytes.readUInt32BE(20)]).toEqual([256, 128]);
    await me.close();
  });
});

describe('pictures', () => {
  const scene = { width: 40, height: 24, text: 'alpine lake', seed: 7 };

  it('same words and seed, same picture; another seed, another one', () => {
    expect(paint(scene)).toEqual(paint(scene));
    expect(paint({ ...scene, seed: 8 }).rgb).not.toEqual(paint(scene).rgb);
  });

  it('PNG: what is packed is what was painted', () => {
    const pixels = paint(scene);
    const png = encodePng(pixels, { prompt: '{}' });
    const at = png.indexOf('IDAT');
    const raw = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
    const unpacked = new Uint8Array(pixels.rgb.length);
    const stride = pixels.width * 3;
    for (let i = 0; i < unpacked.length; i++) {
      const row = Math.floor(i / stride);
      unpacked[i] = (raw[i + row + 1] ?? 0) + (row > 0 ? (unpacked[i - stride] ?? 0) : 0);
    }
    expect(unpacked).toEqual(pixels.rgb);
    expect(png.toString('latin1')).toContain('tEXtprompt\0{}');
  });

  it('JPEG: what is packed is about what was painted', () => {
    const pixels = paint(scene);
    const { width, height, data } = decode(encodeJpeg(pixels), { formatAsRGBA: false });
    expect([width, height]).toEqual([pixels.width, pixels.height]);
    const away = data.reduce((sum, value, i) => sum + Math.abs(value - (pixels.rgb[i] ?? 0)), 0) / data.length;
    expect(away).toBeLessThan(3);
  });
});
