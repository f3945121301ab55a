package dev.switchlab.testing;

import java.lang.reflect.Method;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestWatcher;
import org.junit.platform.commons.support.AnnotationSupport;

/** Gives seeded tests their seed, and when one fails prints the command that repeats it. */
final class SeededExtension implements ParameterResolver, TestWatcher {

    static final String PROPERTY = "switchlab.test.seed";

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.isAnnotated(Seeded.Seed.class)
                && parameter.getParameter().getType() == long.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return seed(context);
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        System.err.println("to repeat this failure: " + command(context));
    }

    static String command(ExtensionContext context) {
        String test = context.getRequiredTestClass().getName().replaceFirst(".*\\.", "");
        return "mvn -q test -Dtest='%s#%s' -D%s=%d"
                .formatted(test, context.getRequiredTestMethod().getName(), PROPERTY, seed(context));
    }

    private static long seed(ExtensionContext context) {
        Method method = context.getRequiredTestMethod();
        long byDefault = AnnotationSupport.findAnnotation(method, Seeded.class)
                .or(() -> AnnotationSupport.findAnnotation(context.getRequiredTestClass(), Seeded.class))
                .orElseThrow()
                .value();
        return Long.getLong(PROPERTY, byDefault);
    }
}
