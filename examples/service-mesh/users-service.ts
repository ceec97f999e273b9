import type { Members, Names } from './answers';
import { serve } from './mesh-handler';

const NAMES: Names = { u1: 'Ada', u2: 'Grace', u3: 'Katherine' };

export const handler = serve('users', {
  '/users/names': async () => NAMES,

  '/users/without-group': async (ask) => {
    const members = await ask<Members>('/groups/members');
    const inGroups = Object.values(members).flat();
    return Object.keys(NAMES).filter((id) => !inGroups.includes(id));
  },
});
