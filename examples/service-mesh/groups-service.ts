import type { Checkout } from './equipment-service';
import { serve } from './mesh-handler';

/** Ids of users by the name of their group. */
export type Members = Readonly<Record<string, readonly string[]>>;

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
