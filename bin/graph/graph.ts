import { writeFileSync } from 'node:fs';
import { UsageError } from '../shared/exit-codes';
import { type GrantsSource, readGrants } from '../shared/grants/source';
import { synthesizedGrants } from '../shared/grants/synthesized-grants';
import { drawingOf } from './drawing';
import { edgesOf, type GrantEdge, markedEdges } from './edges';
import { flowchart } from './flowchart';
import { picture } from './picture';

export interface GraphOptions extends GrantsSource {
  /** A `cdk.out` directory to compare with. */
  readonly against?: string;
  /** A file to write. */
  readonly svg?: string;
  readonly json?: true;
}

export async function runGraph(options: GraphOptions): Promise<void> {
  const { against, svg, json } = options;
  if (json && svg !== undefined) throw new UsageError('--json and --svg can not be combined');
  const grants = await readGrants(options);
  const edges: readonly GrantEdge[] =
    against === undefined ? edgesOf(grants) : markedEdges(edgesOf(synthesizedGrants(against)), edgesOf(grants));
  if (json) {
    const { clients, services } = grants;
    console.log(JSON.stringify({ clients, services: services.map(({ serviceName }) => serviceName), grants: edges }));
    return;
  }
  const drawing = drawingOf(grants, edges);
  if (svg === undefined) return console.log(flowchart(drawing));
  writeFileSync(svg, await picture(drawing));
  console.log(`wrote ${svg}`);
}
