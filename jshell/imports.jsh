// What a session and every notebook have at hand. Beside it, at the prompt: startup.jsh.
import java.io.*;
import java.math.*;
import java.nio.file.*;
import java.util.*;
import java.util.function.*;
import java.util.stream.*;
import ai.djl.ndarray.*;
import ai.djl.ndarray.types.*;
import tech.tablesaw.api.*;
import dev.switchlab.analysis.*;
import dev.switchlab.experiment.*;
import dev.switchlab.nn.*;
import dev.switchlab.lab.*;
import dev.switchlab.random.*;
import dev.switchlab.safetensors.*;
import static dev.switchlab.lab.Lab.*;
