/** One life of the SwarmUI process: the core, with those who look after its backends and give out their slots. */
import { SwarmCore } from './core.ts';
import type { CoreHooks, SwarmDisk } from './core.ts';
import { BackendKeeper } from './keeper.ts';
import type { Holds } from '../base/holds.ts';
import { Scheduler } from './scheduler.ts';
import type { PausePoint, Quirks, SwarmOptions, Where } from './types.ts';

export class SwarmLife extends SwarmCore {
  readonly keeper: BackendKeeper;
  readonly scheduler: Scheduler;

  constructor(
    options: SwarmOptions,
    quirks: Quirks,
    disk: SwarmDisk,
    pauses: Holds<PausePoint, Where>,
    hooks: CoreHooks,
  ) {
    super(options, quirks, disk, pauses, hooks);
    this.keeper = new BackendKeeper(this);
    this.scheduler = new Scheduler(this);
    for (const saved of disk.backends) this.keeper.load(saved);
    this.log('start', { detail: this.serverId });
    void this.scheduler.run();
  }

  override kill(): void {
    super.kill();
    this.keeper.stop();
  }
}
