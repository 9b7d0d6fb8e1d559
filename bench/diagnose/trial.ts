/** How often the first cause is the right one in living clusters: `node bench/diagnose/trial.ts [--only REGEX] [--seed N] [--list]` writes bench/diagnose/trial.json and TRIAL.md. */
import { main } from '../../test/blind-trial/run.ts';

await main();
