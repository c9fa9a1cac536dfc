<#
Settles, on a Windows machine, what no other system can: does Windows itself accept a drive that Argosy made?

Usage, in an elevated PowerShell:
    .\check.ps1 -Drive E: -RecoveryPassword 123456-...-123456          a real drive or an attached VHD, already with a letter
    .\check.ps1 -Image C:\drive.vhd -RecoveryPassword ...              a VHD; attached read-write here, detached at the end

An image file of Argosy becomes a VHD with:  qemu-img convert -O vpc -o subformat=fixed,force_size drive.img drive.vhd
Exit code 0: everything passed. Anything else: the failed steps are listed; please report them with the output.
#>
param(
    [string]$Drive,
    [string]$Image,
    [Parameter(Mandatory = $true)][string]$RecoveryPassword
)
$ErrorActionPreference = 'Stop'
$failures = @()
function Step([string]$name, [scriptblock]$body) {
    Write-Host "== $name"
    try {
        & $body
        Write-Host "   passed"
    } catch {
        Write-Host "   FAILED: $_"
        $script:failures += $name
    }
}
function Native([string]$program, [string[]]$arguments) {
    & $program @arguments | Out-Host
    if ($LASTEXITCODE -ne 0) { throw "$program ended with $LASTEXITCODE" }
}

if ($Image) {
    $disk = Mount-DiskImage -ImagePath $Image -PassThru | Get-DiskImage | Get-Disk
    $partition = $disk | Get-Partition | Where-Object Type -eq 'Basic' | Select-Object -First 1
    if (-not $partition.DriveLetter) { $partition | Add-PartitionAccessPath -AssignDriveLetter }
    $Drive = "$(($partition | Get-Partition).DriveLetter):"
}
if (-not $Drive) { throw 'name -Drive or -Image' }

try {
    Step 'manage-bde sees a BitLocker volume' { Native manage-bde @('-status', $Drive) }
    Step 'the recovery password unlocks it' { Native manage-bde @('-unlock', $Drive, '-RecoveryPassword', $RecoveryPassword) }
    Step 'Windows reads the recovery password back out of the volume' {
        $shown = (manage-bde -protectors -get $Drive) -join "`n"
        if (-not $shown.Contains($RecoveryPassword)) { throw 'the 48 digits are not among the protectors' }
    }
    Step 'chkdsk, read-only' { Native chkdsk @($Drive) }
    Step 'chkdsk /scan' { Native chkdsk @($Drive, '/scan') }
    Step 'every block of every file equals DriveManifest.xml' {
        [xml]$manifest = Get-Content -LiteralPath "$Drive\DriveManifest.xml" -Encoding UTF8
        $md5 = [System.Security.Cryptography.MD5]::Create()
        $files = 0
        foreach ($blob in $manifest.SelectNodes('//Blob')) {
            $path = "\\?\$Drive" + $blob.FilePath
            $stream = [System.IO.File]::OpenRead($path)
            try {
                if ($stream.Length -ne [long]$blob.Length) { throw "$path has $($stream.Length) bytes, not $($blob.Length)" }
                foreach ($block in $blob.SelectNodes('.//Block | .//PageRange')) {
                    $buffer = New-Object byte[] ([int]$block.Length)
                    $null = $stream.Seek([long]$block.Offset, 'Begin')
                    $filled = 0
                    while ($filled -lt $buffer.Length) {
                        $count = $stream.Read($buffer, $filled, $buffer.Length - $filled)
                        if ($count -eq 0) { throw "$path ends at $filled" }
                        $filled += $count
                    }
                    $hash = [BitConverter]::ToString($md5.ComputeHash($buffer)).Replace('-', '')
                    if ($hash -ne $block.Hash) { throw "$path differs at offset $($block.Offset)" }
                }
            } finally { $stream.Dispose() }
            $files += 1
        }
        Write-Host "   $files files"
    }
    Step 'Windows writes to it' { Set-Content -LiteralPath "$Drive\written-by-windows.txt" -Value 'hello' ; Remove-Item -LiteralPath "$Drive\written-by-windows.txt" }
    Step 'it locks and opens again' {
        Native manage-bde @('-lock', $Drive, '-ForceDismount')
        Native manage-bde @('-unlock', $Drive, '-RecoveryPassword', $RecoveryPassword)
    }
    Step 'chkdsk /scan again, after Windows has written' { Native chkdsk @($Drive, '/scan') }
} finally {
    if ($Image) { Dismount-DiskImage -ImagePath $Image | Out-Null }
}
if ($failures.Count -gt 0) {
    Write-Host "`nFAILED: $($failures -join '; ')"
    exit 1
}
Write-Host "`nAll passed. Windows accepts this drive."
exit 0
