/** Where custom resources answer. */
export const RESPONSES_PATH = '/custom-resource-responses/';

/** Where functions have their URLs: its id follows, and a slash. On AWS each has a host of its own. */
export const FUNCTION_URLS_PATH = '/function-urls/';
