/** Lint rules. What the compiler already proves is not repeated; what only makes noise is switched off with a reason. */
import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const code = ['**/*.ts', '**/*.tsx'];

/** Tools read these through their default export. */
const toolFiles = ['**/*.config.ts', 'eslint.config.js', 'test/playwright-counts.ts'];

const noEnum = {
  selector: 'TSEnumDeclaration',
  message: 'No enums: a union of literals, with `as const` where the values are needed.',
};
const noNamespace = { selector: 'TSModuleDeclaration[kind="namespace"]', message: 'No namespaces: modules.' };
const noDefaultExport = { selector: 'ExportDefaultDeclaration', message: 'No default exports: one name everywhere.' };
const noDefaultReExport = {
  selector: 'ExportSpecifier[exported.name="default"]',
  message: 'No default exports: one name everywhere.',
};

const noInlineType = {
  selector: 'ImportDeclaration[importKind="value"] > ImportSpecifier[importKind="type"]',
  message: 'Types have an import of their own: `import type { … }`.',
};
/** A private constructor has no other way of being written. */
const noAccessibility = {
  selector: ':matches(PropertyDefinition, MethodDefinition[kind!="constructor"], TSParameterProperty)[accessibility]',
  message: 'Private is `#name`, public says nothing.',
};
const house = [noEnum, noNamespace, noDefaultExport, noDefaultReExport, noInlineType, noAccessibility];

/** Electron is ready only when the entry's module has been evaluated to its end: what waits at the top may wait for ever. */
const noTopLevelAwait = [
  'AwaitExpression',
  'ForOfStatement[await=true]',
  'VariableDeclaration[kind="await using"]',
].map((node) => ({
  selector: `${node}:not(:function ${node})`,
  message: 'No top-level await in the shell: Electron becomes ready only after its entry. `void start()`.',
}));

export default defineConfig(
  globalIgnores(['dist/', 'release/', 'coverage/', 'test-results/', 'playwright-report/', 'test/recordings/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  { files: ['**/*.js'], ...js.configs.recommended },
  {
    files: code,
    extends: [js.configs.recommended, tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: [
          'shared/tsconfig.json',
          'electron/tsconfig.json',
          'electron/desktop/tsconfig.preload.json',
          'renderer/tsconfig.json',
          'test/tsconfig.json',
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      eqeqeq: 'error',
      // 300 lines is the aim, 400 the wall: blank lines and comments are free, so that nobody saves on them.
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', ...house],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: 'electron',
              importNames: ['ipcMain', 'ipcRenderer', 'default'],
              message:
                'Raw IPC only in electron/desktop/window/ipc-connection.ts and preload.ts; everything else uses the contract.',
            },
          ],
        },
      ],

      '@typescript-eslint/ban-ts-comment': [
        'error',
        {
          'ts-expect-error': 'allow-with-description',
          'ts-ignore': true,
          'ts-nocheck': true,
          minimumDescriptionLength: 10,
        },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],

      // An abort reason and a caught value are rethrown as they came.
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true, boolean: true } }],

      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],

      // Off: an async function without await still turns a throw into a rejection, which is what its callers rely on.
      '@typescript-eslint/require-await': 'off',
      // Off: asks for `!`, which the strict set bans.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // Off: matters of taste that a reader does not stumble over.
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/class-literal-property-style': 'off',
    },
  },
  {
    files: ['electron/desktop/window/ipc-connection.ts', 'electron/desktop/preload.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: ['electron/desktop/**'],
    rules: {
      'no-restricted-syntax': ['error', ...house, ...noTopLevelAwait],
    },
  },
  {
    // These report through the logger, the wire or the screen; only entries talk to a terminal.
    files: ['shared/**', 'electron/core/**', 'renderer/**'],
    rules: { 'no-console': 'error' },
  },
  {
    files: ['renderer/**/*.ts', 'renderer/**/*.tsx'],
    plugins: { 'react-hooks': reactHooks },
    rules: { 'react-hooks/rules-of-hooks': 'error', 'react-hooks/exhaustive-deps': 'error' },
  },
  {
    // Tests read foreign JSON by the handful and compare it at once; the assertion is the validation.
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: toolFiles,
    rules: { 'no-restricted-syntax': ['error', noEnum, noNamespace] },
  },
);
