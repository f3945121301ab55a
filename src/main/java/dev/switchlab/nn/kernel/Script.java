package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A program in TorchScript: the way to operators of libtorch that DJL has no method for, and to many operators in one
 * call. The sources are the {@code .py} files beside this class in the jar.
 *
 * <p>libtorch reads a script from an archive, a zip of five small files, which is made here in memory. A method runs on
 * the device and with the threads of its arguments. The interpreter runs the operators as they are written: no
 * optimizer that would fuse them one time and not another.
 *
 * <p>{@link #tensor}, {@link #tensors} and {@link #run} run in libtorch's inference mode, without gradients; autograd
 * takes no tensor that they return, only a copy. {@link #differentiable} is differentiated by libtorch like any
 * operator, as far as its arguments want gradients.
 */
public final class Script {

    /** A pickled empty object of class {@code __torch__.Script}, and a pickled empty tuple. */
    private static final String MODULE = "\u0080\u0002c__torch__\nScript\n)\u0081}(X\b\0\0\0training\u0089ub.";

    private static final String NO_CONSTANTS = "\u0080\u0002).";

    /** {@code PyTorchLibrary.moduleRunMethod(module, method, arguments, autograd, stream)}. */
    private static final MethodHandle RUN_METHOD = runMethod();

    private static final MethodHandle NEW_VALUE = newValue();

    private final List<String> files;
    private PtSymbolBlock module;

    private Script(List<String> files) {
        this.files = files;
    }

    /**
     * A class without state whose methods are those of some files.
     *
     * @param files names without {@code .py}; each holds {@code def}s with {@code self} as their first parameter, and
     *     no two methods share a name
     */
    public static Script of(String... files) {
        return new Script(List.of(files));
    }

    /** DJL's own {@code runMethod} always turns autograd off; the native method below takes a flag. */
    private static MethodHandle runMethod() {
        try {
            Class<?> library = Class.forName("ai.djl.pytorch.jni.PyTorchLibrary");
            MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(library, MethodHandles.lookup());
            MethodType type = MethodType.methodType(
                    long.class, long.class, String.class, long[].class, boolean.class, boolean.class);
            return lookup.findVirtual(library, "moduleRunMethod", type)
                    .bindTo(lookup.findStaticGetter(library, "LIB", library).invoke());
        } catch (Throwable e) {
            throw new IllegalStateException("this version of DJL has no PyTorchLibrary.moduleRunMethod", e);
        }
    }

    private static MethodHandle newValue() {
        try {
            return MethodHandles.privateLookupIn(IValue.class, MethodHandles.lookup())
                    .findConstructor(IValue.class, MethodType.methodType(void.class, long.class));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this version of DJL has no IValue(long)", e);
        }
    }

    /**
     * Runs a method whose result is one tensor.
     *
     * @param manager owns the result
     * @param arguments {@link NDArray}, {@code List<NDArray>}, {@link Long}, {@link Integer}, {@link Double},
     *     {@link Boolean}, {@link String}, {@code long[]}, {@link Tensors}
     */
    public NDArray tensor(NDManager manager, String method, Object... arguments) {
        return tensor(invoke(false, method, arguments), manager);
    }

    /** Runs a method whose result is a {@code List[Tensor]}. */
    public NDArray[] tensors(NDManager manager, String method, Object... arguments) {
        return tensors(invoke(false, method, arguments), manager);
    }

    /** Runs a method for what it does to its arguments; it returns an int that nobody reads. */
    public void run(String method, Object... arguments) {
        invoke(false, method, arguments).close();
    }

    /** Runs a method whose result is one tensor, which autograd follows back to the arguments that want gradients. */
    public NDArray differentiable(NDManager manager, String method, Object... arguments) {
        return tensor(invoke(true, method, arguments), manager);
    }

    /**
     * Runs a method whose result is a {@code List[Tensor]} outside of inference mode: autograd takes what it returns.
     */
    public NDArray[] differentiables(NDManager manager, String method, Object... arguments) {
        return tensors(invoke(true, method, arguments), manager);
    }

    /** Runs a method for what it does to its arguments, outside of inference mode. */
    public void runDifferentiable(String method, Object... arguments) {
        invoke(true, method, arguments).close();
    }

    private static NDArray tensor(IValue result, NDManager manager) {
        try (result) {
            return result.toTensor((PtNDManager) manager);
        }
    }

    private static NDArray[] tensors(IValue result, NDManager manager) {
        try (result) {
            return result.toTensorArray((PtNDManager) manager);
        }
    }

    private IValue invoke(boolean autograd, String method, Object... arguments) {
        JniUtils.setGraphExecutorOptimize(false); // per thread
        try (Call call = new Call(arguments)) {
            long module = module().getHandle();
            long[] handles =
                    Arrays.stream(call.values).mapToLong(IValue::getHandle).toArray();
            return (IValue)
                    NEW_VALUE.invokeExact((long) RUN_METHOD.invokeExact(module, method, handles, autograd, false));
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private synchronized PtSymbolBlock module() {
        if (module == null) {
            try {
                PtNDManager manager =
                        (PtNDManager) ai.djl.engine.Engine.getEngine("PyTorch").newBaseManager(ai.djl.Device.cpu());
                module = JniUtils.loadModule(manager, new ByteArrayInputStream(archive()), false, false);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (ai.djl.engine.EngineException e) {
                throw new IllegalStateException("TorchScript " + files + " does not compile: " + e.getMessage(), e);
            }
        }
        return module;
    }

    private byte[] archive() throws IOException {
        String code = "class Script(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
                + source().indent(2);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            put(zip, "data.pkl", MODULE.getBytes(StandardCharsets.ISO_8859_1));
            put(zip, "code/__torch__.py", code.getBytes(StandardCharsets.UTF_8));
            put(zip, "constants.pkl", NO_CONSTANTS.getBytes(StandardCharsets.ISO_8859_1));
            put(zip, "version", "10\n".getBytes(StandardCharsets.US_ASCII));
        }
        return bytes.toByteArray();
    }

    private String source() throws IOException {
        StringBuilder source = new StringBuilder();
        for (String file : files) {
            try (InputStream in = Script.class.getResourceAsStream(file + ".py")) {
                source.append(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return source.toString();
    }

    /** Stored, not packed: libtorch reads nothing else. */
    private static void put(ZipOutputStream zip, String path, byte[] content) throws IOException {
        ZipEntry entry = new ZipEntry("script/" + path);
        CRC32 crc = new CRC32();
        crc.update(content);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        entry.setTime(0);
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }

    /**
     * A list of tensors, or of such lists, made once for many calls: for a hundred tensors that takes longer than a
     * call.
     */
    public static final class Tensors implements AutoCloseable {

        private final IValue value;

        /** Of a list of {@link NDArray}, or of lists of such lists; a list of lists is not empty. */
        public Tensors(List<?> arrays) {
            value = list(arrays);
        }

        private static IValue list(List<?> arrays) {
            return !arrays.isEmpty() && arrays.get(0) instanceof List<?>
                    ? IValue.listFrom(
                            arrays.stream().map(inner -> list((List<?>) inner)).toArray(IValue[]::new))
                    : IValue.listFrom(arrays.stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new));
        }

        @Override
        public void close() {
            value.close();
        }
    }

    /** The arguments of one call, as libtorch wants them. */
    private static final class Call implements AutoCloseable {

        private final IValue[] values;
        private final Object[] arguments;

        Call(Object... arguments) {
            this.arguments = arguments;
            values = new IValue[arguments.length];
            for (int i = 0; i < arguments.length; i++) {
                values[i] = value(arguments[i]);
            }
        }

        private static IValue value(Object argument) {
            if (argument instanceof NDArray array) {
                return IValue.from((PtNDArray) array);
            } else if (argument instanceof List<?> arrays) {
                return Tensors.list(arrays);
            } else if (argument instanceof Tensors tensors) {
                return tensors.value;
            } else if (argument instanceof long[] numbers) {
                return IValue.listFrom(numbers);
            } else if (argument instanceof String text) {
                return IValue.from(text);
            } else if (argument instanceof Boolean truth) {
                return IValue.from(truth.booleanValue());
            } else if (argument instanceof Double number) {
                return IValue.from(number.doubleValue());
            } else if (argument instanceof Integer || argument instanceof Long) {
                return IValue.from(((Number) argument).longValue());
            }
            throw new IllegalArgumentException("no TorchScript value for " + argument);
        }

        @Override
        public void close() {
            for (int i = 0; i < values.length; i++) {
                if (!(arguments[i] instanceof Tensors)) {
                    values[i].close();
                }
            }
        }
    }
}
