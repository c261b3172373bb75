/** `GET /v1/api` of the publisher. */
import { apiResponse } from "../../../shared/http/api-page.ts";
import type { Compat } from "../../../shared/http/compat.ts";
import { API_DOCUMENT } from "./document.ts";

/** Answers by what the client prefers: JSON unless it asks for HTML; in exact mode HTML alone. */
export function showApi(request: Request, compat: Compat = "default"): Response {
  return apiResponse(API_DOCUMENT, request, compat);
}
