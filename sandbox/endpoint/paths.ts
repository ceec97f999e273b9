/** The path of the answers of custom resources. */
export const RESPONSES_PATH = '/custom-resource-responses/';

/** The path of function URLs, followed by the ID of the URL and a slash. On AWS, each function URL has its own host. */
export const FUNCTION_URLS_PATH = '/function-urls/';
