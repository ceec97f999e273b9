/** `ANY` stands for these, and no other method matches a route with a path or a resource. */
export const HTTP_METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const;

/** Whether a method of a template, which can be `ANY`, includes the method of a request. */
export function includesMethod(method: string, requested: string): boolean {
  return method === 'ANY' ? HTTP_METHODS.some((known) => known === requested) : method === requested;
}
