package dev.switchlab.testing;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.extension.DynamicTestInvocationContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * Gives tests their seed, and prints for every failed test the command that repeats it. Active for all tests: most
 * tests contain their seeds, so that the command alone repeats them.
 */
public final class SeededExtension implements ParameterResolver, TestWatcher, InvocationInterceptor {

    static final String PROPERTY = "switchlab.test.seed";

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.isAnnotated(Seeded.class) && parameter.getParameter().getType() == long.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return Long.getLong(
                PROPERTY, parameter.findAnnotation(Seeded.class).orElseThrow().value());
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        print(context);
    }

    /** A {@link TestWatcher} does not see tests made by a factory. */
    @Override
    public void interceptDynamicTest(
            Invocation<Void> invocation, DynamicTestInvocationContext invoked, ExtensionContext context)
            throws Throwable {
        try {
            invocation.proceed();
        } catch (Throwable e) {
            // The context of the factory, because the context of the test has no method.
            context.getParent().ifPresent(SeededExtension::print);
            throw e;
        }
    }

    private static void print(ExtensionContext context) {
        context.getTestMethod()
                .ifPresent(method -> System.err.println(
                        "to repeat this failure: " + command(context.getRequiredTestClass(), method)));
    }

    private static String command(Class<?> type, Method method) {
        Optional<Long> seed = Arrays.stream(method.getParameters())
                .filter(parameter -> parameter.isAnnotationPresent(Seeded.class))
                .map(parameter -> Long.getLong(
                        PROPERTY, parameter.getAnnotation(Seeded.class).value()))
                .findFirst();
        String test = type.getName().substring(type.getPackageName().length() + 1) + "#" + method.getName();
        return "mvn test -Dtest='" + test + "'"
                + seed.map(value -> " -D" + PROPERTY + "=" + value).orElse("");
    }
}
