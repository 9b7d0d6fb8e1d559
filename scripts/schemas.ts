/** The schemas under docs/schemas/, by file name without `.json`. A JSON output becomes public by an entry here. */
import { z } from 'zod';

import { doctorReportSchema } from '../src/lab/requirements/schema.ts';
import { AUDIT_SCHEMAS } from '../src/audit/public-schemas.ts';
import { SNAPSHOT_SCHEMAS } from '../src/cni/picture/public-schemas.ts';
import { DIAGNOSE_SCHEMAS } from '../src/diagnose/public-schemas.ts';
import { MIGRATION_SCHEMAS } from '../src/migrate/public-schemas.ts';
import { CAPTURE_SCHEMAS } from '../src/packets/public-schemas.ts';
import { POLICY_SCHEMAS } from '../src/policy/public-schemas.ts';
import { probeReportSchema } from '../src/probe/run/report-schema.ts';

export const PUBLIC_SCHEMAS: Readonly<Record<string, object>> = {
  'doctor.v1': z.toJSONSchema(doctorReportSchema),
  ...MIGRATION_SCHEMAS,
  ...POLICY_SCHEMAS,
  ...SNAPSHOT_SCHEMAS,
  ...AUDIT_SCHEMAS,
  ...CAPTURE_SCHEMAS,
  ...DIAGNOSE_SCHEMAS,
  'probe-report.v1': z.toJSONSchema(probeReportSchema),
};
