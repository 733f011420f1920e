import { upload } from "./upload.ts";

upload();
