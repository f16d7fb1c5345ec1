/** A program for both runtimes: means to die with the process it is told, and says that it lives. */
import { platform } from "#platform";

platform.dieWithParent(Number(platform.args[0]));
platform.writeOut("stdout", "alive");
