import Type from "typebox";

export const name = Type.String();
