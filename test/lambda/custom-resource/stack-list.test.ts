import { StackList } from '../../../lambda/custom-resource/stack-list';

const STACKS = 'arn:aws:cloudformation:eu-central-1:111122223333:stack';
const MESH = `${STACKS}/Mesh/11111111-2222-3333-4444-555555555555`;

const served = new StackList(MESH, ['Mail', 'Groups-Nested-*']);

test.each([
  MESH,
  `${STACKS}/Mail/99999999-2222-3333-4444-555555555555`,
  `${STACKS}/Groups-Nested-1ABC/99999999-2222-3333-4444-555555555555`,
])('the list has %s', (stackId) => {
  expect(() => served.assertListed(stackId)).not.toThrow();
});

test.each([
  '',
  '*',
  `${STACKS}/Mesh/11111111-2222-3333-4444-555555555556`,
  `${MESH}0`,
  `${STACKS}/Mesh`,
  `${STACKS}/Mail`,
  `${STACKS}/Mail/`,
  `${STACKS}/Mail/99999999-2222-3333-4444-555555555555/Mail`,
  `${STACKS}//Mail/99999999-2222-3333-4444-555555555555`,
  'Mail',
  `${STACKS}/Mail2/99999999-2222-3333-4444-555555555555`,
  `${STACKS}/mail/99999999-2222-3333-4444-555555555555`,
  `${STACKS}/Groups/99999999-2222-3333-4444-555555555555`,
  `${STACKS.replace('111122223333', '444455556666')}/Mail/99999999-2222-3333-4444-555555555555`,
  `${STACKS.replace('eu-central-1', 'us-east-1')}/Mail/99999999-2222-3333-4444-555555555555`,
  ` ${MESH}`,
])('the list does not have %j', (stackId) => {
  expect(() => served.assertListed(stackId)).toThrow(
    /^the mesh does not serve the stack .*: deploy the stack of the mesh first/,
  );
});
