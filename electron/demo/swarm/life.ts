/** One life of the SwarmUI process: the core, with those who look after its backends and give out their slots. */
import { SwarmCore } from './core.ts';
import { BackendKeeper } from './keeper.ts';
import { Scheduler } from './scheduler.ts';

export class SwarmLife extends SwarmCore {
  readonly keeper: BackendKeeper;
  readonly scheduler: Scheduler;

  constructor(...parts: ConstructorParameters<typeof SwarmCore>) {
    super(...parts);
    this.keeper = new BackendKeeper(this);
    this.scheduler = new Scheduler(this);
    for (const saved of this.disk.backends) this.keeper.load(saved);
    this.log('start', { detail: this.serverId });
    void this.scheduler.run();
  }

  override kill(): void {
    super.kill();
    this.keeper.stop();
  }
}
