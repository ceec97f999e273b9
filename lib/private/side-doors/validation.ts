import { Stage } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { templatesOf } from './assembly';
import { sentence } from './rules';
import { isSearched, SideDoorSearch } from './search';

/** The apps and stages that are validated. */
const VALIDATED = new WeakSet<IConstruct>();

/** Synthesis of the app or the stage of a construct fails if there is a way around a mesh. */
export function refuseSideDoors(scope: IConstruct): void {
  const assembly = Stage.of(scope) ?? scope.node.root;
  if (VALIDATED.has(assembly)) return;
  VALIDATED.add(assembly);
  scope.node.addValidation({
    validate: () => new SideDoorSearch(templatesOf(assembly, isSearched)).find().map(sentence),
  });
}
