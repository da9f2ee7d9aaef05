/**
 * Stops a too old Node with a sentence, by being imported. Every entry imports this first: modules run in the order they
 * are imported, and undici already throws while it loads on an old Node, before the entry's own first line would run.
 */
import { requireNodeVersion } from './node-version.ts';

requireNodeVersion();
