import { connect } from "../../../libs/bus/src/connect.ts";

connect();
