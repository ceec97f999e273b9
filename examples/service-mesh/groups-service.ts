import type { Checkout, Members } from './answers';
import { serve } from './mesh-handler';

const MEMBERS: Members = { climbing: ['u1', 'u3'], diving: ['u2'] };

export const handler = serve('groups', {
  '/groups/members': async () => MEMBERS,

  '/groups/equipment': async (ask) => {
    const checkouts = await ask<readonly Checkout[]>('/equipment/checkouts');
    return Object.entries(MEMBERS).map(([group, members]) => ({
      group,
      equipment: checkouts
        .filter(({ userId }) => members.includes(userId))
        .map(({ item, userName }) => `${item} (${userName})`),
    }));
  },
});
